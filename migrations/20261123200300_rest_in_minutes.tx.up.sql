-- A visit for the rest is planned with how long the rest takes: a sheet "to be continued" always says it. Older ones that lack it are signed and stay as they are.
ALTER TABLE sheets ADD CONSTRAINT sheets_partial_left CHECK (outcome <> 'partial' OR minutes_left IS NOT NULL) NOT VALID;
