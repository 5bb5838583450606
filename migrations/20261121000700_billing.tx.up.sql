-- Money: what is owed, what was paid. Receipts are numbered without gaps per issuing organisation and year.
CREATE TABLE receipt_series (
  org_id int NOT NULL REFERENCES organisations (id), series text NOT NULL, year int NOT NULL, last_no bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (org_id, series, year)
) WITH (fillfactor = 10);

CREATE TABLE receipts (
  id uuid PRIMARY KEY, org_id int NOT NULL REFERENCES organisations (id), series text NOT NULL, year int NOT NULL, no bigint NOT NULL, number text NOT NULL,
  order_id uuid NOT NULL REFERENCES work_orders (id), order_org_id int NOT NULL, customer_id uuid NOT NULL REFERENCES customers (id), engineer_id uuid REFERENCES engineers (id),
  total_minor bigint NOT NULL CHECK (total_minor >= 0), issued_at timestamptz NOT NULL, issued_by uuid, actor text NOT NULL,
  voided_at timestamptz, void_reason text, voided_by uuid, version int NOT NULL DEFAULT 1,
  CONSTRAINT receipts_number UNIQUE (org_id, series, year, no),
  CONSTRAINT receipts_of_order FOREIGN KEY (order_id, order_org_id) REFERENCES work_orders (id, org_id),
  CONSTRAINT receipts_void_why CHECK ((voided_at IS NULL) = (void_reason IS NULL))
);
CREATE UNIQUE INDEX receipts_one_live ON receipts (order_id) WHERE voided_at IS NULL;
CREATE INDEX receipts_issued ON receipts (org_id, issued_at, id);
CREATE INDEX receipts_engineer ON receipts (engineer_id, issued_at) WHERE engineer_id IS NOT NULL;
CREATE INDEX receipts_customer ON receipts (customer_id);
CREATE TABLE receipt_lines (
  receipt_id uuid NOT NULL REFERENCES receipts (id), no int NOT NULL, kind text NOT NULL CHECK (kind IN ('labour', 'part', 'travel', 'inspection', 'material', 'other', 'discount', 'deduction')),
  description text NOT NULL, sku text, quantity bigint NOT NULL CHECK (quantity > 0), unit_minor bigint NOT NULL, amount_minor bigint NOT NULL,
  covered boolean NOT NULL DEFAULT false, coverage_source text, quote_id uuid REFERENCES quotes (id), quote_line int, approver_id uuid,
  PRIMARY KEY (receipt_id, no),
  CONSTRAINT receipt_lines_amount CHECK (covered OR amount_minor = quantity * unit_minor),
  CONSTRAINT receipt_lines_free CHECK (NOT covered OR amount_minor = 0),
  CONSTRAINT receipt_lines_below_zero CHECK (amount_minor >= 0 OR kind IN ('discount', 'deduction'))
);
CREATE FUNCTION receipts_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN PERFORM refuse('receipts_append_only', 'void a receipt, never delete it'); END IF;
  NEW.version := OLD.version + 1;
  IF (to_jsonb(NEW) - '{voided_at,void_reason,voided_by,version}'::text[]) <> (to_jsonb(OLD) - '{voided_at,void_reason,voided_by,version}'::text[]) OR OLD.voided_at IS NOT NULL THEN
    PERFORM refuse('receipts_append_only', 'an issued receipt never changes: void it and issue another');
  END IF;
  IF NEW.voided_at IS NOT NULL AND 0 <> (SELECT coalesce(sum(amount_minor), 0) FROM payments WHERE receipt_id = OLD.id AND method NOT IN ('on_account', 'waiver')) THEN
    PERFORM refuse('receipts_void_refunded', 'money came in on this receipt: refund it first');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER receipts_fixed BEFORE UPDATE OR DELETE ON receipts FOR EACH ROW EXECUTE FUNCTION receipts_fixed();
CREATE TRIGGER receipt_lines_append_only BEFORE UPDATE OR DELETE ON receipt_lines FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE FUNCTION receipts_total_is_sum() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  r record; lines bigint;
BEGIN
  SELECT id, total_minor INTO r FROM receipts WHERE id = (to_jsonb(NEW) ->> (CASE WHEN TG_TABLE_NAME = 'receipts' THEN 'id' ELSE 'receipt_id' END))::uuid;
  SELECT coalesce(sum(amount_minor), 0) INTO lines FROM receipt_lines WHERE receipt_id = r.id;
  IF lines <> r.total_minor THEN PERFORM refuse('receipts_total_is_sum', 'the total of a receipt is the sum of its lines'); END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER receipts_total_is_sum AFTER INSERT ON receipts DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION receipts_total_is_sum();
CREATE CONSTRAINT TRIGGER receipt_lines_total_is_sum AFTER INSERT ON receipt_lines DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION receipts_total_is_sum();

-- Payments; a refund is negative, a waiver a method of its own, on_account a promise that does not lower the balance.
CREATE TABLE payments (
  id uuid PRIMARY KEY, org_id int NOT NULL REFERENCES organisations (id), receipt_id uuid NOT NULL REFERENCES receipts (id), amount_minor bigint NOT NULL CONSTRAINT payments_amount CHECK (amount_minor <> 0),
  method text NOT NULL CHECK (method IN ('cash', 'wechat', 'alipay', 'card', 'transfer', 'on_account', 'waiver')), paid_at timestamptz NOT NULL, recorded_at timestamptz NOT NULL,
  received_by uuid, engineer_id uuid REFERENCES engineers (id), actor text NOT NULL, reference text NOT NULL DEFAULT '', reason text NOT NULL DEFAULT '', approver_id uuid,
  CONSTRAINT payments_refund_why CHECK (amount_minor > 0 OR reason <> ''),
  CONSTRAINT payments_waiver_approved CHECK (method <> 'waiver' OR (approver_id IS NOT NULL AND reason <> ''))
);
CREATE INDEX payments_receipt ON payments (receipt_id);
CREATE INDEX payments_engineer ON payments (engineer_id, paid_at) WHERE engineer_id IS NOT NULL;
CREATE TRIGGER payments_append_only BEFORE UPDATE OR DELETE ON payments FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE FUNCTION payments_within_total() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  r record; paid bigint;
BEGIN
  SELECT total_minor, voided_at INTO r FROM receipts WHERE id = NEW.receipt_id FOR NO KEY UPDATE;
  SELECT coalesce(sum(amount_minor), 0) INTO paid FROM payments WHERE receipt_id = NEW.receipt_id AND method <> 'on_account';
  IF NEW.method <> 'on_account' THEN paid := paid + NEW.amount_minor; END IF;
  IF r.voided_at IS NOT NULL AND NEW.amount_minor > 0 THEN PERFORM refuse('payments_not_on_void', 'this receipt is void'); END IF;
  IF paid > r.total_minor THEN PERFORM refuse('payments_within_total', 'that is more than is owed', (r.total_minor - (paid - NEW.amount_minor))::text); END IF;
  IF paid < 0 OR NEW.amount_minor < 0 AND -NEW.amount_minor > (SELECT coalesce(sum(amount_minor), 0) FROM payments WHERE receipt_id = NEW.receipt_id AND method NOT IN ('on_account', 'waiver')) THEN
    PERFORM refuse('payments_refund_within_paid', 'that is more than was paid');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER payments_within_total BEFORE INSERT ON payments FOR EACH ROW EXECUTE FUNCTION payments_within_total();

CREATE TABLE invoice_requests (
  id uuid PRIMARY KEY, org_id int NOT NULL REFERENCES organisations (id), receipt_id uuid NOT NULL REFERENCES receipts (id), title text NOT NULL, tax_number text NOT NULL DEFAULT '', email text NOT NULL DEFAULT '',
  state text NOT NULL DEFAULT 'requested', invoice_no text, promised_on date, requested_at timestamptz NOT NULL, issued_at timestamptz, sent_at timestamptz, version int NOT NULL DEFAULT 1,
  CONSTRAINT invoice_requests_issued CHECK ((state = 'requested') = (invoice_no IS NULL))
);
CREATE INDEX invoice_requests_receipt ON invoice_requests (receipt_id);
CREATE UNIQUE INDEX invoice_requests_one_open ON invoice_requests (receipt_id) WHERE state = 'requested';
CREATE TRIGGER invoice_requests_move BEFORE INSERT OR UPDATE ON invoice_requests FOR EACH ROW EXECUTE FUNCTION move_state('invoice_request');

CREATE TABLE cash_ups (
  id uuid PRIMARY KEY, org_id int NOT NULL REFERENCES organisations (id), engineer_id uuid NOT NULL REFERENCES engineers (id), day date NOT NULL,
  expected_minor bigint NOT NULL, counted_minor bigint NOT NULL, note text NOT NULL DEFAULT '', by_user uuid, actor text NOT NULL, at timestamptz NOT NULL,
  CONSTRAINT cash_ups_once UNIQUE (engineer_id, day), CONSTRAINT cash_ups_difference_why CHECK (expected_minor = counted_minor OR note <> '')
);
