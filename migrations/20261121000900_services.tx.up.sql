-- Services under every noun: files, issued papers, messages, webhooks, jobs, idempotency keys, live events, audit.

-- sha256 is the hash of what was sent: the key under which a client may send it again. stored_sha256 is
-- the hash of what is kept, which for a picture is a fresh encoding without its camera's notes.
CREATE TABLE files (
  id uuid PRIMARY KEY,
  org_id int NOT NULL REFERENCES organisations (id),
  sha256 bytea NOT NULL CHECK (length(sha256) = 32),
  stored_sha256 bytea NOT NULL,
  bytes bytea NOT NULL CONSTRAINT files_size CHECK (length(bytes) BETWEEN 1 AND 20 * 1024 * 1024),
  mime text NOT NULL CHECK (mime IN ('image/jpeg', 'image/png', 'application/pdf')),
  size int NOT NULL,
  width int NOT NULL DEFAULT 0,
  height int NOT NULL DEFAULT 0,
  kind text NOT NULL DEFAULT '',
  created_by uuid,
  at timestamptz NOT NULL,
  request_id uuid REFERENCES requests (id),
  order_id uuid REFERENCES work_orders (id),
  asset_id uuid REFERENCES assets (id),
  sheet_id uuid REFERENCES sheets (id),
  custody_id uuid REFERENCES custody (id),
  quote_id uuid REFERENCES quotes (id),
  CONSTRAINT files_one_owner CHECK (num_nonnulls(request_id, order_id, asset_id, sheet_id, custody_id, quote_id) <= 1),
  CONSTRAINT files_stored_hash CHECK (stored_sha256 = sha256(bytes)),
  CONSTRAINT files_stored_size CHECK (size = length(bytes))
);
ALTER TABLE files ALTER COLUMN bytes SET STORAGE EXTERNAL;
CREATE INDEX files_sent ON files (sha256, org_id);
CREATE INDEX files_orphans ON files (at) WHERE num_nonnulls(request_id, order_id, asset_id, sheet_id, custody_id, quote_id) = 0;
CREATE INDEX files_request ON files (request_id) WHERE request_id IS NOT NULL;
CREATE INDEX files_order ON files (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX files_asset ON files (asset_id) WHERE asset_id IS NOT NULL;
CREATE INDEX files_sheet ON files (sheet_id) WHERE sheet_id IS NOT NULL;
CREATE INDEX files_custody ON files (custody_id) WHERE custody_id IS NOT NULL;
CREATE INDEX files_quote ON files (quote_id) WHERE quote_id IS NOT NULL;

-- A file's content never changes, and once it belongs to a record it stays with that record.
CREATE FUNCTION files_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.id, NEW.org_id, NEW.sha256, NEW.stored_sha256, NEW.mime) IS DISTINCT FROM (OLD.id, OLD.org_id, OLD.sha256, OLD.stored_sha256, OLD.mime) THEN
    PERFORM refuse('files_fixed', 'the content of a file never changes');
  END IF;
  IF num_nonnulls(OLD.request_id, OLD.order_id, OLD.asset_id, OLD.sheet_id, OLD.custody_id, OLD.quote_id) = 1
     AND (NEW.request_id, NEW.order_id, NEW.asset_id, NEW.sheet_id, NEW.custody_id, NEW.quote_id)
         IS DISTINCT FROM (OLD.request_id, OLD.order_id, OLD.asset_id, OLD.sheet_id, OLD.custody_id, OLD.quote_id) THEN
    PERFORM refuse('files_one_owner', 'a file belongs to one record only: send it again for the other');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER files_fixed BEFORE UPDATE ON files FOR EACH ROW EXECUTE FUNCTION files_fixed();

-- Papers as they were handed out. The first stored rendering of a version wins; a later one is a new version.
CREATE TABLE issued_papers (
  id uuid PRIMARY KEY,
  org_id int NOT NULL REFERENCES organisations (id),
  order_id uuid REFERENCES work_orders (id),
  subject_id uuid NOT NULL,
  kind text NOT NULL,
  lang text NOT NULL CHECK (lang IN ('zh-Hans', 'en')),
  copy text NOT NULL DEFAULT '' CHECK (copy IN ('', 'customer', 'office', 'file')),
  version int NOT NULL DEFAULT 1 CHECK (version > 0),
  sha256 bytea NOT NULL,
  bytes bytea NOT NULL,
  void_at timestamptz,
  at timestamptz NOT NULL,
  CONSTRAINT issued_papers_once UNIQUE (subject_id, kind, lang, copy, version),
  CONSTRAINT issued_papers_hash CHECK (sha256 = sha256(bytes))
);
CREATE INDEX issued_papers_order ON issued_papers (order_id);

-- What is to be told to somebody. A message is delivered only when a channel that reaches people took it.
CREATE TABLE messages (
  id uuid PRIMARY KEY,
  org_id int NOT NULL REFERENCES organisations (id),
  order_id uuid REFERENCES work_orders (id),
  request_id uuid REFERENCES requests (id),
  subject_id uuid,
  audience text NOT NULL CHECK (audience IN ('customer', 'engineer', 'desk', 'manager')),
  to_address text NOT NULL DEFAULT '',
  channel text NOT NULL DEFAULT '',
  lang text NOT NULL,
  key text NOT NULL,
  args jsonb NOT NULL DEFAULT '[]',
  dedupe text CONSTRAINT messages_dedupe UNIQUE,
  state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'delivered', 'failed', 'dead', 'suppressed')),
  attempts int NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  delivered_at timestamptz,
  last_error text NOT NULL DEFAULT '',
  lease uuid,
  lease_until timestamptz,
  CONSTRAINT messages_delivered_when CHECK ((state = 'delivered') = (delivered_at IS NOT NULL)),
  CONSTRAINT messages_delivered_by CHECK (state <> 'delivered' OR channel NOT IN ('', 'log'))
) WITH (fillfactor = 70);
CREATE INDEX messages_due ON messages (due_at) WHERE state IN ('queued', 'failed');
CREATE INDEX messages_order ON messages (order_id, id) WHERE order_id IS NOT NULL;
CREATE INDEX messages_request ON messages (request_id, id) WHERE request_id IS NOT NULL;
CREATE INDEX messages_undelivered ON messages (org_id, id DESC) WHERE state IN ('dead', 'suppressed');

CREATE TABLE webhooks (
  id uuid PRIMARY KEY,
  org_id int NOT NULL REFERENCES organisations (id),
  url text NOT NULL CHECK (length(url) BETWEEN 8 AND 2000),
  topics text[] NOT NULL DEFAULT '{}',
  secret bytea NOT NULL CHECK (length(secret) BETWEEN 24 AND 64),
  active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL,
  version int NOT NULL DEFAULT 1
);
CREATE INDEX webhooks_list ON webhooks (org_id, id DESC);
CREATE TRIGGER webhooks_touch BEFORE INSERT OR UPDATE ON webhooks FOR EACH ROW EXECUTE FUNCTION touch();

CREATE TABLE webhook_deliveries (
  id uuid PRIMARY KEY,
  webhook_id uuid NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
  topic text NOT NULL,
  body jsonb NOT NULL,
  state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'delivered', 'failed', 'dead')),
  attempts int NOT NULL DEFAULT 0 CHECK (attempts <= 9),
  due_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  delivered_at timestamptz,
  status int NOT NULL DEFAULT 0,
  last_error text NOT NULL DEFAULT '',
  lease uuid,
  lease_until timestamptz
) WITH (fillfactor = 70);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (due_at) WHERE state IN ('queued', 'failed');
CREATE INDEX webhook_deliveries_of ON webhook_deliveries (webhook_id, id DESC);

CREATE TABLE jobs (
  id uuid PRIMARY KEY,
  org_id int REFERENCES organisations (id),
  queue text NOT NULL DEFAULT 'main',
  kind text NOT NULL,
  payload jsonb NOT NULL DEFAULT 'null',
  run_at timestamptz NOT NULL,
  attempts int NOT NULL DEFAULT 0,
  lease uuid,
  lease_until timestamptz,
  done_at timestamptz,
  dead_at timestamptz,
  last_error text NOT NULL DEFAULT '',
  dedupe text CONSTRAINT jobs_dedupe UNIQUE,
  created_at timestamptz NOT NULL,
  CONSTRAINT jobs_one_end CHECK (done_at IS NULL OR dead_at IS NULL)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX jobs_due ON jobs (queue, run_at) WHERE done_at IS NULL AND dead_at IS NULL;
CREATE INDEX jobs_dead ON jobs (dead_at) WHERE dead_at IS NOT NULL;
CREATE INDEX jobs_done ON jobs (done_at) WHERE done_at IS NOT NULL;

-- When each repeating task last ran, so that N copies of the program run it once.
CREATE TABLE repeats (
  name text PRIMARY KEY,
  spec text NOT NULL,
  next_at timestamptz NOT NULL
);

-- One key, one effect. The row is inserted first and answered last, in the transaction of the effect.
-- scope = who calls and what: caller or link, method, path.
CREATE TABLE idempotency_keys (
  scope text NOT NULL,
  key text NOT NULL CONSTRAINT idempotency_keys_length CHECK (length(key) BETWEEN 8 AND 200),
  route text NOT NULL,
  body_sha256 bytea NOT NULL CHECK (length(body_sha256) = 32),
  status int,
  answer bytea,
  at timestamptz NOT NULL,
  PRIMARY KEY (scope, key)
) WITH (fillfactor = 70);
CREATE INDEX idempotency_keys_at ON idempotency_keys USING brin (at);
CREATE FUNCTION idempotency_keys_answered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM idempotency_keys k WHERE k.scope = NEW.scope AND k.key = NEW.key AND (k.status IS NULL OR k.answer IS NULL)) THEN
    PERFORM refuse('idempotency_keys_answered', 'a key was committed without its answer');
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER idempotency_keys_answered AFTER INSERT OR UPDATE ON idempotency_keys
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION idempotency_keys_answered();

-- What changed, for whoever watches; no content, since readers fetch with their own rights. Numbers are
-- not given in the order of commits, so readers stop below pg_snapshot_xmin(pg_current_snapshot()).
CREATE TABLE events (
  xact xid8 NOT NULL DEFAULT pg_current_xact_id(),
  seq bigint GENERATED ALWAYS AS IDENTITY,
  org_id int NOT NULL,
  serving_org_id int,
  topic text NOT NULL,
  ref_id uuid NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (xact, seq)
);
CREATE INDEX events_at ON events USING brin (at);

-- Audit: every change of a business row, by whom, in the transaction of the change. Transaction ids start
-- anew when a backup is restored into another cluster, so an epoch leads them.
CREATE TABLE installation (epoch int PRIMARY KEY, system_id bigint NOT NULL);
CREATE TRIGGER installation_append_only BEFORE UPDATE OR DELETE ON installation FOR EACH ROW EXECUTE FUNCTION append_only();
INSERT INTO installation SELECT 1, system_identifier FROM pg_control_system();

CREATE TABLE audit_log (
  epoch int NOT NULL,
  xact xid8 NOT NULL DEFAULT pg_current_xact_id(),
  seq bigint GENERATED ALWAYS AS IDENTITY,
  at timestamptz NOT NULL,
  org_id int,
  actor text NOT NULL CONSTRAINT audit_log_actor CHECK (actor <> ''),
  act text NOT NULL CHECK (act IN ('i', 'u', 'd', 'n')),
  tbl text NOT NULL,
  row_id text NOT NULL,
  change jsonb NOT NULL,
  PRIMARY KEY (epoch, xact, seq)
);
CREATE INDEX audit_log_row ON audit_log (row_id, epoch, xact, seq);
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION append_only();

CREATE TABLE audit_seals (
  no bigint PRIMARY KEY,
  epoch int NOT NULL,
  from_xact xid8 NOT NULL,
  to_xact xid8 NOT NULL,
  rows int NOT NULL CHECK (rows > 0),
  prev bytea NOT NULL,
  hash bytea NOT NULL CHECK (length(hash) = 32),
  at timestamptz NOT NULL
);
CREATE TRIGGER audit_seals_append_only BEFORE UPDATE OR DELETE ON audit_seals FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER audit_seals_no_truncate BEFORE TRUNCATE ON audit_seals FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- audit_write adds one line; only the functions below call it.
CREATE FUNCTION audit_write(op text, tbl text, org int, row_id text, image jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  who text := current_setting('app.actor', true);
BEGIN
  IF coalesce(who, '') = '' THEN
    PERFORM refuse('audit_log_actor', 'a change of ' || tbl || ' without an actor');
  END IF;
  INSERT INTO audit_log (epoch, at, org_id, actor, act, tbl, row_id, change)
  VALUES ((SELECT max(epoch) FROM installation),
          coalesce(nullif(current_setting('app.now', true), '')::timestamptz, transaction_timestamp()),
          org, who, lower(left(op, 1)), tbl, coalesce(row_id, ''), image);
END $$;
REVOKE EXECUTE ON FUNCTION audit_write(text, text, int, text, jsonb) FROM PUBLIC;

-- audit_row keeps the image of a row after the change (before it, for a delete). Arguments: the columns
-- of the primary key, and the columns left out, each joined by commas.
CREATE FUNCTION audit_row() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  image jsonb := CASE WHEN TG_OP = 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
BEGIN
  PERFORM audit_write(TG_OP, TG_TABLE_NAME, (image ->> 'org_id')::int,
    CASE WHEN TG_ARGV[0] LIKE '%,%'
      THEN (SELECT string_agg(image ->> part, '/' ORDER BY n) FROM unnest(string_to_array(TG_ARGV[0], ',')) WITH ORDINALITY AS k (part, n))
      ELSE image ->> TG_ARGV[0] END,
    image - string_to_array(TG_ARGV[1], ','));
  RETURN NULL;
END $$;

-- Files and papers name their columns, so that megabytes are not spelled out in JSON only to be left out.
CREATE FUNCTION audit_file() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  r files := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
BEGIN
  PERFORM audit_write(TG_OP, TG_TABLE_NAME, r.org_id, r.id::text, jsonb_build_object(
    'id', r.id, 'org_id', r.org_id, 'stored_sha256', encode(r.stored_sha256, 'hex'), 'mime', r.mime, 'size', r.size, 'kind', r.kind,
    'created_by', r.created_by, 'request_id', r.request_id, 'order_id', r.order_id, 'asset_id', r.asset_id, 'sheet_id', r.sheet_id,
    'custody_id', r.custody_id, 'quote_id', r.quote_id));
  RETURN NULL;
END $$;
CREATE TRIGGER zz_audit AFTER INSERT OR UPDATE OR DELETE ON files FOR EACH ROW EXECUTE FUNCTION audit_file();

CREATE FUNCTION audit_paper() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  r issued_papers := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
BEGIN
  PERFORM audit_write(TG_OP, TG_TABLE_NAME, r.org_id, r.id::text, jsonb_build_object(
    'id', r.id, 'org_id', r.org_id, 'order_id', r.order_id, 'subject_id', r.subject_id, 'kind', r.kind, 'lang', r.lang, 'copy', r.copy,
    'version', r.version, 'sha256', encode(r.sha256, 'hex'), 'void_at', r.void_at));
  RETURN NULL;
END $$;
CREATE TRIGGER zz_audit AFTER INSERT OR UPDATE OR DELETE ON issued_papers FOR EACH ROW EXECUTE FUNCTION audit_paper();

-- audit_note records what is not a change of a row: a sign-in, an export, a look at hidden data.
CREATE FUNCTION audit_note(who text, org int, noted_at timestamptz, subject text, subject_id text, note jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  INSERT INTO audit_log (epoch, at, org_id, actor, act, tbl, row_id, change)
  VALUES ((SELECT max(epoch) FROM installation), noted_at, org, who, 'n', subject, subject_id, note);
$$;

-- audit_attach puts a table under audit. Personal data and secrets stay out of the images, because the
-- chain of seals would otherwise have to be broken to erase them.
CREATE FUNCTION audit_attach(tbl regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  key_columns text;
  left_out text;
BEGIN
  SELECT string_agg(a.attname, ',' ORDER BY array_position(string_to_array(i.indkey::text, ' ')::int2[], a.attnum)) INTO key_columns
    FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
   WHERE i.indrelid = tbl AND i.indisprimary AND a.attname <> 'org_id';
  SELECT coalesce(string_agg(a.attname, ','), '') INTO left_out
    FROM pg_attribute a
   WHERE a.attrelid = tbl AND a.attnum > 0 AND NOT a.attisdropped
     AND (a.attname ~ '(^|_)(phones?|email|address|signature|signer|strokes|password|hash|secret|bytes|plate|grams|answer|snapshot)(_|$)'
       OR a.attname ~ '^(access_notes|home_lat|home_lng|lat|lng|letterhead|args|body|approval|approved_by|confirmed_with|incoming|incident)$'
       OR a.attname ~ '(^|_)name$' AND tbl::text NOT IN ('organisations', 'regions', 'skills', 'parts', 'places', 'codes', 'calendar_days'));
  EXECUTE format('CREATE TRIGGER zz_audit AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION audit_row(%L, %L)',
    tbl, coalesce(key_columns, 'org_id'), left_out);
END $$;
REVOKE EXECUTE ON FUNCTION audit_attach(regclass) FROM PUBLIC;

-- audit_text is the row as it is sealed: columns by position, free of the schema's and the session's taste.
CREATE FUNCTION audit_text(r audit_log) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_array(r.epoch, r.xact::text, r.seq, (extract(epoch FROM r.at) * 1000000)::bigint, r.org_id, r.actor, r.act, r.tbl, r.row_id, r.change)::text
$$;

-- audit_hash covers the hash before, the seal's own number, range and time, and every row in the range.
CREATE FUNCTION audit_hash(before bytea, seal_no bigint, in_epoch int, from_x xid8, to_x xid8, sealed_at timestamptz, OUT rows int, OUT hash bytea)
LANGUAGE sql STABLE AS $$
  SELECT count(*)::int, sha256(before || convert_to(
           jsonb_build_array(seal_no, in_epoch, from_x::text, to_x::text, (extract(epoch FROM sealed_at) * 1000000)::bigint)::text
           || E'\n' || coalesce(string_agg(audit_text(r), E'\n' ORDER BY r.xact, r.seq), ''), 'UTF8'))
    FROM audit_log r WHERE r.epoch = in_epoch AND r.xact >= from_x AND r.xact < to_x
$$;

-- audit_seal closes the log over whole transactions that ended since the last seal, about so many rows at
-- a time, and returns how many rows it sealed. It stays below the oldest running transaction, and rows of
-- a past epoch, which nobody writes any more, go first.
CREATE FUNCTION audit_seal(sealed_at timestamptz, at_most int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  horizon xid8 := pg_snapshot_xmin(pg_current_snapshot());
  last audit_seals;
  first audit_log;
  begins xid8;
  ends xid8;
  rows_sealed int;
  seal_hash bytea;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('audit_seal')) THEN RETURN 0; END IF;
  SELECT * INTO last FROM audit_seals ORDER BY no DESC LIMIT 1;
  SELECT * INTO first FROM audit_log r
   WHERE (r.epoch, r.xact) >= (coalesce(last.epoch, 0), coalesce(last.to_xact, '0')) ORDER BY r.epoch, r.xact, r.seq LIMIT 1;
  IF first.epoch < (SELECT max(epoch) FROM installation) THEN
    horizon := '18446744073709551615';
  END IF;
  IF first.epoch IS NULL OR first.xact >= horizon THEN RETURN 0; END IF;
  begins := CASE WHEN first.epoch = last.epoch THEN last.to_xact ELSE '0' END;
  SELECT r.xact INTO ends FROM audit_log r
   WHERE r.epoch = first.epoch AND r.xact >= first.xact AND r.xact < horizon ORDER BY r.xact, r.seq OFFSET at_most LIMIT 1;
  IF ends = first.xact THEN
    SELECT r.xact INTO ends FROM audit_log r
     WHERE r.epoch = first.epoch AND r.xact > first.xact AND r.xact < horizon ORDER BY r.xact LIMIT 1;
  END IF;
  ends := coalesce(ends, horizon);
  SELECT h.rows, h.hash INTO rows_sealed, seal_hash
    FROM audit_hash(coalesce(last.hash, ''), coalesce(last.no, 0) + 1, first.epoch, begins, ends, sealed_at) h;
  INSERT INTO audit_seals VALUES (coalesce(last.no, 0) + 1, first.epoch, begins, ends, rows_sealed, coalesce(last.hash, ''), seal_hash, sealed_at);
  RETURN rows_sealed;
END $$;

-- audit_verify recomputes every seal and names those that do not hold, and why.
CREATE FUNCTION audit_verify() RETURNS TABLE (no bigint, problem text) LANGUAGE sql STABLE AS $$
  SELECT s.no, CASE
      WHEN s.no <> s.n OR s.prev <> coalesce(s.last_hash, '') THEN 'a seal before it is missing or changed'
      WHEN s.from_xact <> CASE WHEN s.epoch = s.last_epoch THEN s.last_to ELSE '0' END THEN 'rows between two seals are not covered'
      WHEN h.rows <> s.rows THEN format('%s rows were sealed, %s are there', s.rows, h.rows)
      ELSE 'a sealed row was changed' END
    FROM (SELECT x.*, row_number() OVER w AS n, lag(x.hash) OVER w AS last_hash, lag(x.epoch) OVER w AS last_epoch, lag(x.to_xact) OVER w AS last_to
            FROM audit_seals x WINDOW w AS (ORDER BY x.no)) s,
         LATERAL audit_hash(s.prev, s.no, s.epoch, s.from_xact, s.to_xact, s.at) h
   WHERE s.no <> s.n OR s.prev <> coalesce(s.last_hash, '') OR h.rows <> s.rows OR h.hash <> s.hash
      OR s.from_xact <> CASE WHEN s.epoch = s.last_epoch THEN s.last_to ELSE '0' END
   ORDER BY s.no
$$;

-- audit_epoch notices that the data were moved into another cluster, whose transaction ids count anew:
-- a new epoch begins, and events, which are read by transaction id, begin anew with it.
CREATE FUNCTION audit_epoch() RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  here bigint := (SELECT system_identifier FROM pg_control_system());
  now_in installation;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('audit_seal'));
  SELECT * INTO now_in FROM installation ORDER BY epoch DESC LIMIT 1;
  IF now_in.system_id = here THEN RETURN now_in.epoch; END IF;
  DELETE FROM events;
  INSERT INTO installation VALUES (now_in.epoch + 1, here);
  RETURN now_in.epoch + 1;
END $$;

-- Every table is under audit except logs, queues, derived rows and what belongs to signing in.
DO $$
DECLARE
  tbl regclass;
BEGIN
  FOR tbl IN
    SELECT c.oid::regclass FROM pg_class c
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND NOT c.relispartition
       AND c.relname <> ALL (ARRAY[
         'moves', 'timeline', 'events', 'messages', 'webhook_deliveries', 'jobs', 'repeats', 'idempotency_keys',
         'stock', 'diary', 'receipt_series', 'search_docs', 'lifecycle_moves', 'migrations',
         'sessions', 'login_failures', 'setup_links', 'links',
         'files', 'issued_papers', 'audit_log', 'audit_seals', 'installation'])
     ORDER BY c.relname
  LOOP
    PERFORM audit_attach(tbl);
  END LOOP;
END $$;
