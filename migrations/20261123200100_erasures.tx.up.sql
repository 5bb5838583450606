-- Who was erased, and when: an id and a time, nothing about anybody. The list is written by the change itself, so
-- that nothing can erase without leaving it; `paigong` copies it to a file outside the database, and what an older
-- backup brings back is erased again from it.
CREATE TABLE erasures (
  customer_id uuid PRIMARY KEY REFERENCES customers (id),
  org_id int NOT NULL REFERENCES organisations (id),
  at timestamptz NOT NULL
);
CREATE TRIGGER erasures_append_only BEFORE UPDATE OR DELETE ON erasures FOR EACH ROW EXECUTE FUNCTION append_only();
INSERT INTO erasures (customer_id, org_id, at) SELECT id, org_id, erased_at FROM customers WHERE erased_at IS NOT NULL;

CREATE FUNCTION customers_erasure_listed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO erasures (customer_id, org_id, at) VALUES (NEW.id, NEW.org_id, NEW.erased_at) ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER customers_erasure_listed AFTER UPDATE OF erased_at ON customers FOR EACH ROW
  WHEN (OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL) EXECUTE FUNCTION customers_erasure_listed();

-- What was said stays as it was said, until the person it was said to is erased: then its words may be taken out,
-- and nothing but its words. In the timeline these are the reasons people gave and the names inside the data.
CREATE FUNCTION append_only_but_words() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  was jsonb := to_jsonb(OLD);
  now_is jsonb := CASE WHEN TG_OP = 'UPDATE' THEN to_jsonb(NEW) ELSE '{}' END;
  words CONSTANT text[] := ARRAY['text', 'comment', 'answered_by', 'reason', 'data'];
  whose uuid;
BEGIN
  whose := CASE TG_TABLE_NAME
    WHEN 'follow_up_attempts' THEN (SELECT f.customer_id FROM follow_ups f WHERE f.id = (was ->> 'follow_up_id')::uuid)
    WHEN 'callback_attempts' THEN (SELECT coalesce(b.customer_id, o.customer_id) FROM callbacks b LEFT JOIN work_orders o ON o.id = b.order_id WHERE b.id = (was ->> 'callback_id')::uuid)
    ELSE coalesce((SELECT o.customer_id FROM work_orders o WHERE o.id = (was ->> 'order_id')::uuid),
                  (SELECT r.customer_id FROM requests r WHERE r.id = (was ->> 'request_id')::uuid),
                  (SELECT c.customer_id FROM complaints c WHERE c.id = (was ->> 'complaint_id')::uuid))
  END;
  IF TG_OP = 'UPDATE' AND now_is - words = was - words AND coalesce(was -> 'data', '{}') @> coalesce(now_is -> 'data', '{}')
     AND NOT EXISTS (SELECT FROM unnest(ARRAY['text', 'comment', 'answered_by', 'reason']) AS w WHERE coalesce(now_is ->> w, '') NOT IN ('', was ->> w))
     AND EXISTS (SELECT FROM customers c WHERE c.id = whose AND c.erased_at IS NOT NULL) THEN
    RETURN NEW;
  END IF;
  PERFORM refuse(TG_TABLE_NAME || '_append_only', 'rows of ' || TG_TABLE_NAME || ' are facts: add a new one instead');
  RETURN NULL;
END $$;
DROP TRIGGER conversations_append_only ON conversations;
DROP TRIGGER follow_up_attempts_append_only ON follow_up_attempts;
DROP TRIGGER callback_attempts_append_only ON callback_attempts;
DROP TRIGGER timeline_append_only ON timeline;
CREATE TRIGGER conversations_append_only BEFORE UPDATE OR DELETE ON conversations FOR EACH ROW EXECUTE FUNCTION append_only_but_words();
CREATE TRIGGER follow_up_attempts_append_only BEFORE UPDATE OR DELETE ON follow_up_attempts FOR EACH ROW EXECUTE FUNCTION append_only_but_words();
CREATE TRIGGER callback_attempts_append_only BEFORE UPDATE OR DELETE ON callback_attempts FOR EACH ROW EXECUTE FUNCTION append_only_but_words();
CREATE TRIGGER timeline_append_only BEFORE UPDATE OR DELETE ON timeline FOR EACH ROW EXECUTE FUNCTION append_only_but_words();

-- The serving role cannot write the timeline, so its words are taken out here, of an erased customer only.
CREATE FUNCTION erase_from_timeline(customer uuid) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE timeline t SET reason = '', data = t.data - ARRAY['name', 'with', 'text', 'title', 'told']
   WHERE t.order_id IN (SELECT id FROM work_orders WHERE customer_id = customer)
      OR t.request_id IN (SELECT id FROM requests WHERE customer_id = customer)
      OR t.complaint_id IN (SELECT id FROM complaints WHERE customer_id = customer)
$$;

SELECT audit_attach('erasures');
