-- A complaint is judged by what can be shown: files, and records of the house by their number. Each severity has a
-- day by which the matter is over. What was said at a visit is written down, with who does what by when.
ALTER TABLE files ADD COLUMN complaint_id uuid REFERENCES complaints (id);
ALTER TABLE files DROP CONSTRAINT files_one_owner;
ALTER TABLE files ADD CONSTRAINT files_one_owner CHECK (num_nonnulls(request_id, order_id, asset_id, sheet_id, custody_id, quote_id, complaint_id) <= 1);
DROP INDEX files_orphans;
CREATE INDEX files_orphans ON files (at) WHERE num_nonnulls(request_id, order_id, asset_id, sheet_id, custody_id, quote_id, complaint_id) = 0;
CREATE INDEX files_complaint ON files (complaint_id) WHERE complaint_id IS NOT NULL;

CREATE TABLE complaint_evidence (
  id uuid PRIMARY KEY, org_id int NOT NULL, complaint_id uuid NOT NULL,
  file_id uuid REFERENCES files (id), record text NOT NULL DEFAULT '', note text NOT NULL DEFAULT '',
  at timestamptz NOT NULL, actor text NOT NULL,
  CONSTRAINT complaint_evidence_of FOREIGN KEY (complaint_id, org_id) REFERENCES complaints (id, org_id),
  CONSTRAINT complaint_evidence_shows_something CHECK ((file_id IS NULL) = (record <> '')),
  CONSTRAINT complaint_evidence_once UNIQUE NULLS NOT DISTINCT (complaint_id, record, file_id)
);
CREATE INDEX complaint_evidence_file ON complaint_evidence (file_id) WHERE file_id IS NOT NULL;
SELECT audit_attach('complaint_evidence');
-- The note may be emptied when its customer is erased; nothing else changes, and nothing goes.
CREATE FUNCTION complaint_evidence_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.note = '' AND to_jsonb(NEW) - 'note' = to_jsonb(OLD) - 'note'
     AND EXISTS (SELECT FROM complaints c JOIN customers k ON k.id = c.customer_id WHERE c.id = OLD.complaint_id AND k.erased_at IS NOT NULL) THEN
    RETURN NEW;
  END IF;
  PERFORM refuse('complaint_evidence_append_only', 'evidence is added, never changed');
  RETURN NULL;
END $$;
CREATE TRIGGER complaint_evidence_append_only BEFORE UPDATE OR DELETE ON complaint_evidence FOR EACH ROW EXECUTE FUNCTION complaint_evidence_append_only();

-- Complaints from before the rule end as they did.
ALTER TABLE complaints ADD COLUMN evidence_asked boolean NOT NULL DEFAULT false;
ALTER TABLE complaints ALTER COLUMN evidence_asked SET DEFAULT true;
CREATE FUNCTION complaints_closed_with_evidence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.grade = 'complaint' AND NEW.evidence_asked AND NOT EXISTS (SELECT FROM complaint_evidence e WHERE e.complaint_id = NEW.id) THEN
    PERFORM refuse('complaints_closed_with_evidence', 'a complaint ends with what was found on file');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER complaints_with_evidence BEFORE UPDATE OF state ON complaints FOR EACH ROW
  WHEN (NEW.state = 'closed' AND OLD.state <> 'closed') EXECUTE FUNCTION complaints_closed_with_evidence();

ALTER TABLE clocks DROP CONSTRAINT clocks_kind_check;
ALTER TABLE clocks ADD CONSTRAINT clocks_kind_check CHECK (kind IN ('reply', 'promised', 'contact', 'arrive', 'fix', 'settle'));
-- By when a complaint is over, counted from when it reached the house.
CREATE TABLE complaint_targets (
  severity int PRIMARY KEY CONSTRAINT complaint_targets_severity CHECK (severity BETWEEN 1 AND 4),
  hours int NOT NULL CONSTRAINT complaint_targets_hours CHECK (hours BETWEEN 24 AND 8784), version int NOT NULL DEFAULT 1
);
INSERT INTO complaint_targets (severity, hours) VALUES (1, 240), (2, 168), (3, 120), (4, 72);
CREATE TRIGGER complaint_targets_touch BEFORE INSERT OR UPDATE ON complaint_targets FOR EACH ROW EXECUTE FUNCTION touch();
SELECT audit_attach('complaint_targets');

CREATE TABLE minutes (
  id uuid PRIMARY KEY, org_id int NOT NULL REFERENCES organisations (id), number text NOT NULL CONSTRAINT minutes_number UNIQUE,
  held_at timestamptz NOT NULL, place text NOT NULL DEFAULT '', present text NOT NULL, text text NOT NULL,
  customer_id uuid REFERENCES customers (id), request_id uuid REFERENCES requests (id), complaint_id uuid REFERENCES complaints (id), order_id uuid REFERENCES work_orders (id),
  created_at timestamptz NOT NULL, created_by uuid, version int NOT NULL DEFAULT 1,
  CONSTRAINT minutes_not_ahead CHECK (held_at <= created_at)
);
CREATE INDEX minutes_list ON minutes (org_id, held_at DESC, id);
CREATE INDEX minutes_customer ON minutes (customer_id) WHERE customer_id IS NOT NULL;
CREATE TRIGGER minutes_touch BEFORE INSERT OR UPDATE ON minutes FOR EACH ROW EXECUTE FUNCTION touch();
SELECT audit_attach('minutes');
ALTER TABLE improvements ADD COLUMN minutes_id uuid REFERENCES minutes (id);
CREATE INDEX improvements_minutes ON improvements (minutes_id) WHERE minutes_id IS NOT NULL;
