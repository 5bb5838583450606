-- Reports that are mailed by themselves, each period once.
CREATE TABLE report_schedules (
  id uuid PRIMARY KEY, org_id int NOT NULL REFERENCES organisations (id), report text NOT NULL,
  period text NOT NULL CONSTRAINT report_schedules_period CHECK (period IN ('daily', 'weekly', 'monthly')), grouped text NOT NULL DEFAULT '', lang text NOT NULL,
  to_address text NOT NULL CONSTRAINT report_schedules_to CHECK (to_address LIKE '%@%'), next_on date NOT NULL,
  created_at timestamptz NOT NULL, created_by uuid NOT NULL REFERENCES users (id), stopped_at timestamptz, version int NOT NULL DEFAULT 1
);
CREATE INDEX report_schedules_due ON report_schedules (next_on) WHERE stopped_at IS NULL;
CREATE TRIGGER report_schedules_touch BEFORE INSERT OR UPDATE ON report_schedules FOR EACH ROW EXECUTE FUNCTION touch();
SELECT audit_attach('report_schedules');

-- What the telephone system and the chat know of each call, imported: how long it rang, how long it took,
-- whether anybody answered.
CREATE TABLE call_records (
  id uuid PRIMARY KEY, org_id int NOT NULL REFERENCES organisations (id), external_ref text NOT NULL, channel text NOT NULL CONSTRAINT call_records_channel CHECK (channel IN ('phone', 'chat', 'web')),
  direction text NOT NULL CONSTRAINT call_records_direction CHECK (direction IN ('in', 'out')), started_at timestamptz NOT NULL, answered_at timestamptz, ended_at timestamptz NOT NULL,
  phone text NOT NULL DEFAULT '', agent text NOT NULL DEFAULT '', user_id uuid REFERENCES users (id), outcome text NOT NULL DEFAULT '', imported_at timestamptz NOT NULL,
  CONSTRAINT call_records_once UNIQUE (org_id, external_ref),
  CONSTRAINT call_records_in_order CHECK (coalesce(answered_at, started_at) BETWEEN started_at AND ended_at)
);
CREATE INDEX call_records_started ON call_records (org_id, started_at);
SELECT audit_attach('call_records');

-- By when a call should be answered and handled; an organisation without a row takes the nearest above it.
CREATE TABLE call_targets (
  org_id int PRIMARY KEY REFERENCES organisations (id),
  ring_seconds int NOT NULL CONSTRAINT call_targets_ring CHECK (ring_seconds BETWEEN 1 AND 3600), chat_seconds int NOT NULL CONSTRAINT call_targets_chat CHECK (chat_seconds BETWEEN 1 AND 3600),
  handle_seconds int NOT NULL CONSTRAINT call_targets_handle CHECK (handle_seconds BETWEEN 1 AND 86400), version int NOT NULL DEFAULT 1
);
CREATE TRIGGER call_targets_touch BEFORE INSERT OR UPDATE ON call_targets FOR EACH ROW EXECUTE FUNCTION touch();
SELECT audit_attach('call_targets');
