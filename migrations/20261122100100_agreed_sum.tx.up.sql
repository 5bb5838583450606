-- What an order was approved for is its approved repair quote and every approved variation. Orders on which
-- the repair was agreed after a variation kept the repair alone: they get the sum.
SELECT set_config('app.actor', 'system:migration', true);
UPDATE work_orders w SET approved_minor = s.agreed
  FROM (SELECT order_id, sum(total_minor) AS agreed FROM quotes WHERE state = 'approved' AND purpose IN ('repair', 'variation') GROUP BY order_id) s
  WHERE s.order_id = w.id AND w.origin <> 'import' AND w.approved_minor IS DISTINCT FROM s.agreed;

CREATE FUNCTION work_orders_approved_is_sum() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  o record;
BEGIN
  SELECT w.id, w.approved_minor, w.origin INTO o FROM work_orders w
    WHERE w.id = (to_jsonb(NEW) ->> (CASE WHEN TG_TABLE_NAME = 'quotes' THEN 'order_id' ELSE 'id' END))::uuid;
  IF o.origin <> 'import' AND o.approved_minor IS DISTINCT FROM (
      SELECT sum(q.total_minor) FROM quotes q WHERE q.order_id = o.id AND q.state = 'approved' AND q.purpose IN ('repair', 'variation')) THEN
    PERFORM refuse('work_orders_approved_is_sum', 'the sum an order is approved for is that of its approved repair quote and variations');
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER work_orders_approved_is_sum AFTER UPDATE OF approved_minor ON work_orders
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.approved_minor IS DISTINCT FROM OLD.approved_minor) EXECUTE FUNCTION work_orders_approved_is_sum();
CREATE CONSTRAINT TRIGGER quotes_approved_is_sum AFTER UPDATE OF state ON quotes
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state = 'approved' AND NEW.purpose <> 'call_out') EXECUTE FUNCTION work_orders_approved_is_sum();
