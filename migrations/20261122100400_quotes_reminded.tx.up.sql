-- A quote that is about to end: its customer is reminded once.
ALTER TABLE quotes ADD COLUMN reminded_at timestamptz;
CREATE INDEX quotes_to_remind ON quotes (valid_to) WHERE state = 'sent' AND reminded_at IS NULL;
