-- What each engineer took in cash on a civil day of his organisation, and how much of it was asked for when the day
-- was counted. The two differ while he still holds money: also when a payment of a counted day arrives late.
CREATE TABLE takings (
  engineer_id uuid NOT NULL REFERENCES engineers (id), day date NOT NULL, cash_minor bigint NOT NULL DEFAULT 0, counted_minor bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (engineer_id, day)
) WITH (fillfactor = 50);
CREATE INDEX takings_held ON takings (day, engineer_id) WHERE cash_minor <> counted_minor;

-- A day is counted again when more of it came to light, in a round of its own; a count that was wrong is void, with a
-- reason, and stays readable. Nobody counts the money he hands in himself.
ALTER TABLE cash_ups DROP CONSTRAINT cash_ups_once,
  ADD COLUMN round int NOT NULL DEFAULT 1, ADD COLUMN by_engineer uuid REFERENCES engineers (id),
  ADD COLUMN voided_at timestamptz, ADD COLUMN void_reason text NOT NULL DEFAULT '', ADD COLUMN voided_by uuid,
  ADD CONSTRAINT cash_ups_once UNIQUE (engineer_id, day, round),
  ADD CONSTRAINT cash_ups_second_person CHECK (by_engineer IS DISTINCT FROM engineer_id),
  ADD CONSTRAINT cash_ups_void_why CHECK ((voided_at IS NULL) = (void_reason = ''));

INSERT INTO takings (engineer_id, day, cash_minor)
  SELECT y.engineer_id, (y.paid_at AT TIME ZONE o.zone)::date, sum(y.amount_minor) FROM payments y JOIN engineers e ON e.id = y.engineer_id JOIN organisations o ON o.id = e.org_id
   WHERE y.method = 'cash' GROUP BY 1, 2;
INSERT INTO takings AS t (engineer_id, day, counted_minor) SELECT engineer_id, day, expected_minor FROM cash_ups
  ON CONFLICT (engineer_id, day) DO UPDATE SET counted_minor = EXCLUDED.counted_minor;

CREATE FUNCTION takings_follow_payments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO takings AS t (engineer_id, day, cash_minor)
    SELECT e.id, (NEW.paid_at AT TIME ZONE o.zone)::date, NEW.amount_minor FROM engineers e JOIN organisations o ON o.id = e.org_id WHERE e.id = NEW.engineer_id
    ON CONFLICT (engineer_id, day) DO UPDATE SET cash_minor = t.cash_minor + EXCLUDED.cash_minor;
  RETURN NULL;
END $$;
CREATE TRIGGER takings_follow_payments AFTER INSERT ON payments FOR EACH ROW
  WHEN (NEW.engineer_id IS NOT NULL AND NEW.method = 'cash') EXECUTE FUNCTION takings_follow_payments();

CREATE FUNCTION cash_ups_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  held bigint;
BEGIN
  IF TG_OP = 'DELETE' THEN PERFORM refuse('cash_ups_append_only', 'void a count, never delete it'); END IF;
  IF TG_OP = 'INSERT' THEN
    INSERT INTO takings (engineer_id, day) VALUES (NEW.engineer_id, NEW.day) ON CONFLICT DO NOTHING;
    UPDATE takings SET counted_minor = counted_minor + NEW.expected_minor WHERE engineer_id = NEW.engineer_id AND day = NEW.day RETURNING cash_minor - counted_minor + NEW.expected_minor INTO held;
    IF held <> NEW.expected_minor THEN PERFORM refuse('cash_ups_expected', 'the payments of the day say another sum', held::text); END IF;
    RETURN NEW;
  END IF;
  IF OLD.voided_at IS NOT NULL OR (to_jsonb(NEW) - '{voided_at,void_reason,voided_by}'::text[]) <> (to_jsonb(OLD) - '{voided_at,void_reason,voided_by}'::text[]) THEN
    PERFORM refuse('cash_ups_append_only', 'a count never changes: void it and count again');
  END IF;
  IF NEW.voided_at IS NOT NULL THEN
    UPDATE takings SET counted_minor = counted_minor - NEW.expected_minor WHERE engineer_id = NEW.engineer_id AND day = NEW.day;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER cash_ups_fixed BEFORE INSERT OR UPDATE OR DELETE ON cash_ups FOR EACH ROW EXECUTE FUNCTION cash_ups_fixed();

-- A wish for an invoice ends when the customer takes it back or the receipt falls; an invoice that was written is
-- reversed in the tax system 红冲, under a number of its own, before its receipt may be void. One receipt has one
-- invoice at a time.
ALTER TABLE invoice_requests DROP CONSTRAINT invoice_requests_issued,
  ADD COLUMN ended_at timestamptz, ADD COLUMN end_reason text NOT NULL DEFAULT '', ADD COLUMN reversal_no text,
  ADD CONSTRAINT invoice_requests_issued CHECK ((state IN ('requested', 'withdrawn')) = (invoice_no IS NULL)),
  ADD CONSTRAINT invoice_requests_ended_why CHECK ((state IN ('withdrawn', 'reversed')) = (ended_at IS NOT NULL) AND (ended_at IS NULL) = (end_reason = '')),
  ADD CONSTRAINT invoice_requests_reversal CHECK ((state = 'reversed') = (reversal_no IS NOT NULL));
DROP INDEX invoice_requests_one_open;
CREATE UNIQUE INDEX invoice_requests_one_open ON invoice_requests (receipt_id) WHERE state IN ('requested', 'issued', 'sent');
CREATE INDEX invoice_requests_state ON invoice_requests (state, id);

CREATE FUNCTION receipts_void_invoiced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM invoice_requests WHERE receipt_id = NEW.id AND state IN ('requested', 'issued', 'sent')) THEN
    PERFORM refuse('receipts_void_invoiced', 'an invoice was written for this receipt: reverse it first');
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER receipts_void_invoiced AFTER UPDATE ON receipts FOR EACH ROW WHEN (OLD.voided_at IS NULL AND NEW.voided_at IS NOT NULL) EXECUTE FUNCTION receipts_void_invoiced();
