-- writers_horizon is the transaction id below which nobody can still commit anything into this database:
-- what is visible below it is complete. Transaction ids belong to the whole cluster, so the plain answer,
-- pg_snapshot_xmin, would let a long transaction in any other database (a bulk load, a prepared
-- transaction) hold up every live view here. Of the transactions that run in the caller's snapshot, those
-- known to work in another database are left out; one nobody knows, because it ended a moment ago or its
-- owner is not listed, counts as ours, so that an error can only make readers wait.
CREATE FUNCTION writers_horizon() RETURNS xid8
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(
    (SELECT x FROM pg_snapshot_xip(pg_current_snapshot()) x
      WHERE NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.backend_xid = x::xid AND a.datname <> current_database())
        AND NOT EXISTS (SELECT FROM pg_prepared_xacts p WHERE p.transaction = x::xid AND p.database <> current_database())
      ORDER BY x LIMIT 1),
    pg_snapshot_xmax(pg_current_snapshot()))
$$;

-- The account of changes is sealed up to the same line.
DO $$
DECLARE
  text text := pg_get_functiondef('audit_seal(timestamptz, int)'::regprocedure);
BEGIN
  IF position('pg_snapshot_xmin(pg_current_snapshot())' IN text) = 0 THEN
    RAISE EXCEPTION 'audit_seal does not read the horizon where it is expected';
  END IF;
  EXECUTE replace(text, 'pg_snapshot_xmin(pg_current_snapshot())', 'writers_horizon()');
END $$;
