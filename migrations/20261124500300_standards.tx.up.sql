-- What the house promises is configuration, and every change of it is a version: who changed what, when, from what
-- to what. Version 0 is what the product was delivered with.
CREATE TABLE standard_versions (
  no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL, actor text NOT NULL,
  standard text NOT NULL, key text NOT NULL, was jsonb, becomes jsonb
);
CREATE INDEX standard_versions_of ON standard_versions (standard, key, no);
CREATE TRIGGER standard_versions_append_only BEFORE UPDATE OR DELETE ON standard_versions FOR EACH ROW EXECUTE FUNCTION append_only();
SELECT audit_attach('standard_versions');
CREATE FUNCTION standard_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  old_row jsonb := CASE WHEN TG_OP = 'INSERT' THEN NULL ELSE to_jsonb(OLD) - 'version' END;
  new_row jsonb := CASE WHEN TG_OP = 'DELETE' THEN NULL ELSE to_jsonb(NEW) - 'version' END;
  key text;
  moment timestamptz := nullif(current_setting('app.now', true), '')::timestamptz;
BEGIN
  IF old_row IS NOT DISTINCT FROM new_row THEN RETURN NULL; END IF;
  IF moment IS NULL THEN PERFORM refuse('standard_versions_when', 'a change of what is promised says when: set app.now'); END IF;
  SELECT string_agg(coalesce(new_row, old_row) ->> c, ' ' ORDER BY n) INTO key FROM unnest(TG_ARGV) WITH ORDINALITY AS a (c, n);
  INSERT INTO standard_versions (at, actor, standard, key, was, becomes)
    VALUES (moment, coalesce(current_setting('app.actor', true), ''), TG_TABLE_NAME, key, old_row, new_row);
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION standard_changed() FROM PUBLIC;
CREATE TRIGGER clock_targets_versions AFTER INSERT OR UPDATE OR DELETE ON clock_targets FOR EACH ROW EXECUTE FUNCTION standard_changed('class', 'kind', 'priority');
CREATE TRIGGER complaint_targets_versions AFTER INSERT OR UPDATE OR DELETE ON complaint_targets FOR EACH ROW EXECUTE FUNCTION standard_changed('severity');
CREATE TRIGGER follow_up_kinds_versions AFTER INSERT OR UPDATE OR DELETE ON follow_up_kinds FOR EACH ROW EXECUTE FUNCTION standard_changed('code');
CREATE TRIGGER follow_up_rules_versions AFTER INSERT OR UPDATE OR DELETE ON follow_up_rules FOR EACH ROW EXECUTE FUNCTION standard_changed('order_kind');
CREATE TRIGGER service_hours_versions AFTER INSERT OR UPDATE OR DELETE ON service_hours FOR EACH ROW EXECUTE FUNCTION standard_changed('org_id', 'weekday');
CREATE TRIGGER group_routes_versions AFTER INSERT OR UPDATE OR DELETE ON group_routes FOR EACH ROW EXECUTE FUNCTION standard_changed('kind');
CREATE TRIGGER call_targets_versions AFTER INSERT OR UPDATE OR DELETE ON call_targets FOR EACH ROW EXECUTE FUNCTION standard_changed('org_id');
CREATE TRIGGER quiet_hours_versions AFTER INSERT OR UPDATE OR DELETE ON quiet_hours FOR EACH ROW EXECUTE FUNCTION standard_changed('org_id');
