-- What the house says to people in its own words, whom it leaves alone, when it keeps quiet, and who has read
-- what was told to the desk.
CREATE TABLE message_texts (
  id uuid PRIMARY KEY, org_id int NOT NULL REFERENCES organisations (id),
  key text NOT NULL CONSTRAINT message_texts_key CHECK (key ~ '^message\.[a-z]+\.[a-z_0-9.]+$'),
  lang text NOT NULL CONSTRAINT message_texts_lang CHECK (lang IN ('zh-Hans', 'en')),
  channel text NOT NULL DEFAULT '' CONSTRAINT message_texts_channel CHECK (channel IN ('', 'mail', 'sms', 'bot')), -- '' = every one
  version int NOT NULL CONSTRAINT message_texts_counted CHECK (version > 0),
  subject text NOT NULL DEFAULT '' CONSTRAINT message_texts_subject CHECK (length(subject) <= 200 AND subject !~ '[\r\n]'),
  body text NOT NULL CONSTRAINT message_texts_body CHECK (length(body) <= 4000), -- empty: as delivered with the product
  created_at timestamptz NOT NULL, created_by uuid,
  CONSTRAINT message_texts_version UNIQUE (org_id, key, lang, channel, version)
);
CREATE TRIGGER message_texts_append_only BEFORE UPDATE OR DELETE ON message_texts FOR EACH ROW EXECUTE FUNCTION append_only();
SELECT audit_attach('message_texts');

CREATE TABLE message_opt_outs (
  id uuid PRIMARY KEY, org_id int NOT NULL REFERENCES organisations (id), customer_id uuid NOT NULL REFERENCES customers (id),
  contact_id uuid REFERENCES contacts (id), -- NULL: the customer's own number
  channel text NOT NULL CONSTRAINT message_opt_outs_channel CHECK (channel IN ('all', 'mail', 'sms')),
  how text NOT NULL CONSTRAINT message_opt_outs_how CHECK (how IN ('desk', 'link')),
  at timestamptz NOT NULL, by_name text NOT NULL, ended_at timestamptz,
  CONSTRAINT message_opt_outs_ends CHECK (ended_at >= at)
);
CREATE UNIQUE INDEX message_opt_outs_one ON message_opt_outs (customer_id, coalesce(contact_id, customer_id), channel) WHERE ended_at IS NULL;
SELECT audit_attach('message_opt_outs');

-- From and to are minutes of the day at the site; the same twice means that nobody is left alone.
CREATE TABLE quiet_hours (
  org_id int PRIMARY KEY REFERENCES organisations (id),
  from_minute int NOT NULL CONSTRAINT quiet_hours_from CHECK (from_minute BETWEEN 0 AND 1439), to_minute int NOT NULL CONSTRAINT quiet_hours_to CHECK (to_minute BETWEEN 0 AND 1439),
  version int NOT NULL DEFAULT 1
);
CREATE TRIGGER quiet_hours_touch BEFORE INSERT OR UPDATE ON quiet_hours FOR EACH ROW EXECUTE FUNCTION touch();
SELECT audit_attach('quiet_hours');

CREATE TABLE message_reads (
  message_id uuid NOT NULL REFERENCES messages (id), user_id uuid NOT NULL REFERENCES users (id), at timestamptz NOT NULL,
  CONSTRAINT message_reads_once PRIMARY KEY (message_id, user_id)
);
SELECT audit_attach('message_reads');
CREATE INDEX messages_office ON messages (org_id, id DESC) WHERE audience IN ('desk', 'manager');
