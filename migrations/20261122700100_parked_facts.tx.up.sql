-- What an engineer did and his phone told too late: the visit was cancelled, given to somebody else, or has
-- its sheet already. Work done is never thrown away: it waits here until the desk takes it or sets it aside.
CREATE TABLE parked_facts (
  id uuid PRIMARY KEY, org_id int NOT NULL, order_id uuid NOT NULL, visit_id uuid REFERENCES visits (id), engineer_id uuid REFERENCES engineers (id),
  told_by uuid REFERENCES users (id), kind text NOT NULL CHECK (kind IN ('sheet', 'step')), act text NOT NULL DEFAULT '',
  body jsonb NOT NULL, code text NOT NULL, why text NOT NULL, told_at timestamptz NOT NULL, parked_at timestamptz NOT NULL,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'taken', 'set_aside')),
  settled_at timestamptz, settled_by uuid REFERENCES users (id), settled_why text NOT NULL DEFAULT '', sheet_id uuid REFERENCES sheets (id), version int NOT NULL DEFAULT 1,
  CONSTRAINT parked_facts_of_order FOREIGN KEY (order_id, org_id) REFERENCES work_orders (id, org_id),
  CONSTRAINT parked_facts_settled_when CHECK ((state = 'open') = (settled_at IS NULL)),
  CONSTRAINT parked_facts_taken_as_sheet CHECK ((state = 'taken' AND kind = 'sheet') = (sheet_id IS NOT NULL)),
  CONSTRAINT parked_facts_set_aside_why CHECK (state <> 'set_aside' OR settled_why <> '')
);
CREATE INDEX parked_facts_open ON parked_facts (org_id, parked_at) WHERE state = 'open';
CREATE INDEX parked_facts_order ON parked_facts (order_id);
CREATE FUNCTION parked_facts_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR OLD.state <> 'open'
     OR (to_jsonb(NEW) - 'state' - 'settled_at' - 'settled_by' - 'settled_why' - 'sheet_id' - 'version') <> (to_jsonb(OLD) - 'state' - 'settled_at' - 'settled_by' - 'settled_why' - 'sheet_id' - 'version') THEN
    PERFORM refuse('parked_facts_stay', 'what an engineer told stays as he told it, and is settled once');
  END IF;
  NEW.version := OLD.version + 1;
  RETURN NEW;
END $$;
CREATE TRIGGER parked_facts_stay BEFORE UPDATE OR DELETE ON parked_facts FOR EACH ROW EXECUTE FUNCTION parked_facts_stay();
SELECT audit_attach('parked_facts');
