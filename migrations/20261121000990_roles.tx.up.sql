-- Who may write what. The owner of the tables migrates; paigong_app serves: it owns
-- nothing, so a mistake or an injected statement in the program cannot change the schema,
-- forge stock, or edit what is only ever added to.
--
-- A function, not a list of GRANTs: postgres.Migrate calls it after every run, so tables
-- of later migrations get their rights without being named here, and a role created after
-- the first migration gets them too.
CREATE FUNCTION grant_to_app() RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  -- written by triggers and migrations alone
  readable    CONSTANT text[] := ARRAY['stock', 'pieces', 'audit_log', 'audit_seals', 'lifecycle_moves', 'migrations'];
  -- added to, never changed
  append_only CONSTANT text[] := ARRAY['moves', 'timeline', 'escalations', 'receipt_lines'];
  has_app     CONSTANT boolean := EXISTS (SELECT FROM pg_roles WHERE rolname = 'paigong_app');
  rights text;
  it record;
BEGIN
  FOR it IN
    SELECT p.oid::regprocedure AS signature, p.prorettype = 'trigger'::regtype AS is_trigger
      FROM pg_proc p
     WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef AND pg_has_role(p.proowner, 'USAGE')
  LOOP
    EXECUTE format('REVOKE EXECUTE ON ROUTINE %s FROM PUBLIC', it.signature);
    IF has_app AND NOT it.is_trigger THEN
      EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO paigong_app', it.signature);
    END IF;
  END LOOP;

  IF NOT has_app THEN
    RETURN;
  END IF;
  GRANT USAGE ON SCHEMA public TO paigong_app;

  FOR it IN
    SELECT c.oid::regclass AS name, c.relkind,
           (SELECT r.relname FROM pg_class r WHERE r.oid = coalesce(pg_partition_root(c.oid)::oid, c.oid)) AS whole
      FROM pg_class c
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
       AND pg_has_role(c.relowner, 'USAGE')
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
  LOOP
    rights := CASE
      WHEN it.relkind = 'S'               THEN 'USAGE, SELECT'
      WHEN it.relkind IN ('v', 'm')       THEN 'SELECT'
      WHEN it.whole = ANY (readable)      THEN 'SELECT'
      WHEN it.whole = ANY (append_only)   THEN 'SELECT, INSERT'
      ELSE 'SELECT, INSERT, UPDATE, DELETE'
    END;
    EXECUTE format('REVOKE ALL ON %s FROM paigong_app', it.name);
    EXECUTE format('GRANT %s ON %s TO paigong_app', rights, it.name);
  END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION grant_to_app() FROM PUBLIC;
