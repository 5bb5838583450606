-- Foundation: state machines as data, organisations, regions, calendars, settings, numbers.
CREATE EXTENSION IF NOT EXISTS btree_gist;

-- refuse stops the transaction as a CHECK would, under a name the program can map.
CREATE FUNCTION refuse(name text, message text, detail text DEFAULT '') RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = '23514', CONSTRAINT = name, MESSAGE = message, DETAIL = detail;
END $$;

-- The moves every state machine allows. The Go tables are the source; the migration that
-- fills this one is generated from them. from_state '' is a birth, 'import' the birth of a row
-- that tells about a past the program did not see.
CREATE TABLE lifecycle_moves (
  kind text NOT NULL, from_state text NOT NULL, to_state text NOT NULL, action text NOT NULL,
  PRIMARY KEY (kind, from_state, to_state)
);

-- move_state guards the column state of any table (kind = first argument), counts versions and
-- keeps id and org_id fixed for the life of the row.
CREATE FUNCTION move_state() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  was text := '';
  allowed text;
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.version := 1;
    IF to_jsonb(NEW) ->> 'origin' = 'import' THEN was := 'import'; END IF;
  ELSE
    IF NEW.id IS DISTINCT FROM OLD.id OR NEW.org_id IS DISTINCT FROM OLD.org_id THEN
      PERFORM refuse(TG_TABLE_NAME || '_identity_fixed', 'id and organisation of a row never change');
    END IF;
    NEW.version := OLD.version + 1;
    IF NEW.state = OLD.state THEN RETURN NEW; END IF;
    was := OLD.state;
  END IF;
  IF NOT EXISTS (SELECT 1 FROM lifecycle_moves m WHERE m.kind = TG_ARGV[0] AND m.to_state = NEW.state
                 AND (m.from_state = was OR was = 'import' AND m.from_state = '')) THEN
    SELECT string_agg(m.to_state, ',' ORDER BY m.to_state) INTO allowed
      FROM lifecycle_moves m WHERE m.kind = TG_ARGV[0] AND m.from_state = was;
    PERFORM refuse(TG_TABLE_NAME || '_legal_move',
      format('%s may not go from "%s" to "%s"', TG_ARGV[0], was, NEW.state), coalesce(allowed, ''));
  END IF;
  RETURN NEW;
END $$;

-- touch counts versions of rows that have no state.
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN NEW.version := 1; ELSE NEW.version := OLD.version + 1; END IF;
  RETURN NEW;
END $$;

-- append_only refuses every change of a row that is a fact.
CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refuse(TG_TABLE_NAME || '_append_only', 'rows of ' || TG_TABLE_NAME || ' are facts: add a new one instead');
  RETURN NULL;
END $$;

-- One company as a tree: head office, service centres, partner outlets.
CREATE TABLE organisations (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  parent_id int REFERENCES organisations (id),
  code text NOT NULL CONSTRAINT organisations_code UNIQUE,
  name text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('head', 'centre', 'partner')),
  path int[] NOT NULL DEFAULT '{}',
  zone text NOT NULL DEFAULT 'Asia/Shanghai',
  region_codes text[] NOT NULL DEFAULT '{}',
  letterhead jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL,
  version int NOT NULL DEFAULT 1,
  CONSTRAINT organisations_head_is_root CHECK ((kind = 'head') = (parent_id IS NULL))
);
CREATE UNIQUE INDEX organisations_one_head ON organisations ((1)) WHERE kind = 'head';
CREATE TRIGGER organisations_touch BEFORE INSERT OR UPDATE ON organisations FOR EACH ROW EXECUTE FUNCTION touch();

CREATE FUNCTION organisations_set_path() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.path := coalesce((SELECT path FROM organisations WHERE id = NEW.parent_id), '{}') || NEW.id;
  IF NEW.id = ANY (NEW.path[1:array_length(NEW.path, 1) - 1]) THEN
    PERFORM refuse('organisations_no_cycle', 'an organisation cannot stand below itself');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER organisations_path BEFORE INSERT OR UPDATE OF parent_id ON organisations
  FOR EACH ROW EXECUTE FUNCTION organisations_set_path();

-- Division codes; a retired code stays, since old addresses carry it.
CREATE TABLE regions (
  code text PRIMARY KEY,
  parent_code text REFERENCES regions (code),
  name text NOT NULL,
  path text[] NOT NULL DEFAULT '{}',
  retired_on date,
  replaced_by text
);
CREATE INDEX regions_parent ON regions (parent_code);
CREATE FUNCTION regions_set_path() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.path := coalesce((SELECT path FROM regions WHERE code = NEW.parent_code), '{}') || NEW.code;
  RETURN NEW;
END $$;
CREATE TRIGGER regions_path BEFORE INSERT OR UPDATE ON regions FOR EACH ROW EXECUTE FUNCTION regions_set_path();

-- Only the days that differ from Monday-to-Friday; a year without a row in calendar_years falls
-- back to weekends, and says so.
CREATE TABLE calendar_years (
  org_id int NOT NULL REFERENCES organisations (id), year int NOT NULL, source text NOT NULL DEFAULT '', loaded_at timestamptz NOT NULL,
  PRIMARY KEY (org_id, year)
);
CREATE TABLE calendar_days (
  org_id int NOT NULL REFERENCES organisations (id), day date NOT NULL, working boolean NOT NULL, name text NOT NULL DEFAULT '',
  PRIMARY KEY (org_id, day)
);

CREATE TABLE settings (
  org_id int NOT NULL REFERENCES organisations (id), key text NOT NULL, value jsonb NOT NULL, PRIMARY KEY (org_id, key)
);

-- next_number counts per kind and year; gaps are allowed (receipts have their own series).
CREATE FUNCTION next_number(kind text, year int) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  name text := format('number_%s_%s', lower(kind), year);
BEGIN
  IF kind !~ '^[A-Z]{2}$' OR year NOT BETWEEN 1900 AND 2999 THEN
    PERFORM refuse('next_number_kind', 'unknown kind of number');
  END IF;
  IF to_regclass(name) IS NULL THEN
    PERFORM pg_advisory_xact_lock(hashtext(name));
    EXECUTE format('CREATE SEQUENCE IF NOT EXISTS %I', name);
  END IF;
  RETURN nextval(name::regclass);
END $$;

-- grams cuts text into all pieces of two characters, so that a two-character Chinese word is found by index.
CREATE FUNCTION grams(words text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(array_agg(DISTINCT g), '{}') FROM (
    SELECT CASE WHEN length(w) = 1 THEN w ELSE substr(w, i, 2) END AS g
    FROM regexp_split_to_table(lower(words), '[[:space:][:punct:]，。、；：？！（）《》【】“”·]+') AS w,
         generate_series(1, greatest(length(w) - 1, 1)) AS i
    WHERE w <> '') AS pieces
$$;

-- What people look for, kept apart so that updates of orders stay off this index.
CREATE TABLE search_docs (
  id uuid NOT NULL, kind text NOT NULL CHECK (kind IN ('request', 'work_order', 'customer', 'asset', 'part', 'receipt', 'complaint')),
  org_id int NOT NULL REFERENCES organisations (id), serving_org_id int REFERENCES organisations (id),
  customer_id uuid, number text NOT NULL DEFAULT '', title text NOT NULL, detail text NOT NULL DEFAULT '', words text NOT NULL, at timestamptz NOT NULL,
  grams text[] GENERATED ALWAYS AS (grams(words)) STORED,
  PRIMARY KEY (kind, id)
);
CREATE INDEX search_docs_grams ON search_docs USING gin (grams);
CREATE INDEX search_docs_number ON search_docs (upper(number) text_pattern_ops);
