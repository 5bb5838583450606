-- Month reports read a month, not everything that ever was.
CREATE INDEX visits_finished ON visits (finished_at) WHERE state = 'finished';
CREATE INDEX work_orders_ended ON work_orders (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX work_orders_repeats ON work_orders (repeat_of_order) WHERE repeat_of_order IS NOT NULL;
CREATE INDEX work_orders_repeats_made ON work_orders (created_at) WHERE repeat_of_sheet IS NOT NULL;
CREATE INDEX sheets_finished ON sheets (finished_at) WHERE replaced_at IS NULL;
CREATE INDEX payments_day ON payments (paid_at) WHERE engineer_id IS NOT NULL;
CREATE INDEX follow_ups_scored ON follow_ups (done_at) WHERE state = 'done' AND score_service IS NOT NULL;
CREATE INDEX requests_answered ON requests (answered_at) WHERE state = 'answered';
CREATE INDEX receipts_day ON receipts (issued_at);

-- What is left to pay of each receipt, kept by triggers beside the entries it follows from: who asks for what
-- is owed looks at what is owed, not at every receipt. last_paid_at lets a day in the past be answered: what
-- is settled by now may have been owed then.
CREATE TABLE receipt_balances (
  receipt_id uuid PRIMARY KEY REFERENCES receipts (id), balance_minor bigint NOT NULL, last_paid_at timestamptz
) WITH (fillfactor = 50);
CREATE INDEX receipt_balances_owed ON receipt_balances (receipt_id) WHERE balance_minor > 0;
CREATE INDEX receipt_balances_paid ON receipt_balances (last_paid_at) WHERE last_paid_at IS NOT NULL;
CREATE FUNCTION receipt_balance_opens() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO receipt_balances (receipt_id, balance_minor) VALUES (NEW.id, NEW.total_minor);
  RETURN NULL;
END $$;
CREATE TRIGGER receipt_balance_opens AFTER INSERT ON receipts FOR EACH ROW EXECUTE FUNCTION receipt_balance_opens();
CREATE FUNCTION receipt_balance_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE receipt_balances SET balance_minor = balance_minor - NEW.amount_minor, last_paid_at = greatest(last_paid_at, NEW.paid_at) WHERE receipt_id = NEW.receipt_id;
  RETURN NULL;
END $$;
CREATE TRIGGER receipt_balance_follows AFTER INSERT ON payments FOR EACH ROW WHEN (NEW.method <> 'on_account') EXECUTE FUNCTION receipt_balance_follows();
INSERT INTO receipt_balances (receipt_id, balance_minor, last_paid_at)
  SELECT r.id, r.total_minor - coalesce(p.paid, 0), p.last FROM receipts r
  LEFT JOIN (SELECT receipt_id, sum(amount_minor) AS paid, max(paid_at) AS last FROM payments WHERE method <> 'on_account' GROUP BY 1) p ON p.receipt_id = r.id;
