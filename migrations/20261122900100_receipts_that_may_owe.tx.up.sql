-- Receipts that can have been owed at an instant: those owed now, and those on which something was paid since.
-- Whether one was is for the entries to say. The till's list and the month's report read the same receipts;
-- as a plain SQL function it dissolves in the statement that names it.
CREATE FUNCTION receipts_that_may_owe(since timestamptz) RETURNS TABLE (receipt_id uuid)
LANGUAGE sql STABLE AS $$
  SELECT b.receipt_id FROM receipt_balances b WHERE b.balance_minor > 0
  UNION SELECT b.receipt_id FROM receipt_balances b WHERE b.last_paid_at >= since
$$;
