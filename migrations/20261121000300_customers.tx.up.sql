-- Who: customers, the people around a job, sites, devices, contracts, codes.
-- phone_keys is how a list of numbers is looked for: each without its extension, and its last four digits.
CREATE FUNCTION phone_keys(phones text[]) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(array_agg(key), '{}') FROM unnest(phones) AS p, unnest(ARRAY[split_part(p, ';', 1), right(split_part(p, ';', 1), 4)]) AS key
$$;

CREATE TABLE customers (
  id uuid PRIMARY KEY, org_id int NOT NULL REFERENCES organisations (id),
  number text NOT NULL CONSTRAINT customers_number UNIQUE,
  name text NOT NULL, phone text, class text NOT NULL DEFAULT 'C', language text NOT NULL DEFAULT 'zh-Hans',
  notes text NOT NULL DEFAULT '', nuisance_until date, merged_into uuid, erased_at timestamptz,
  origin text NOT NULL DEFAULT '', external_ref text, created_at timestamptz NOT NULL, version int NOT NULL DEFAULT 1,
  UNIQUE (id, org_id),
  CONSTRAINT customers_merge_inside FOREIGN KEY (merged_into, org_id) REFERENCES customers (id, org_id),
  CONSTRAINT customers_not_into_itself CHECK (merged_into IS DISTINCT FROM id),
  CONSTRAINT customers_class CHECK (class IN ('A', 'B', 'C')),
  CONSTRAINT customers_phone_shape CHECK (phone ~ '^\+[0-9]{6,15}(;ext=[0-9]{1,7})?$'),
  CONSTRAINT customers_erased_blank CHECK (erased_at IS NULL OR (name = '' AND phone IS NULL AND notes = '' AND external_ref IS NULL))
);
CREATE INDEX customers_phone ON customers (split_part(phone, ';', 1));
CREATE INDEX customers_phone_tail ON customers (right(split_part(phone, ';', 1), 4));
CREATE INDEX customers_grams ON customers USING gin (grams(name));
CREATE INDEX customers_merged ON customers (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX customers_list ON customers (org_id, id DESC);
CREATE UNIQUE INDEX customers_external ON customers (org_id, external_ref) WHERE external_ref IS NOT NULL;

CREATE TABLE contacts (
  id uuid PRIMARY KEY, org_id int NOT NULL, customer_id uuid NOT NULL,
  name text NOT NULL, phones text[] NOT NULL DEFAULT '{}', email text, role text NOT NULL CHECK (role IN ('reporter', 'on_site', 'payer', 'decision')),
  preferred_hours text NOT NULL DEFAULT '', language text NOT NULL DEFAULT '', do_not_call boolean NOT NULL DEFAULT false,
  notes text NOT NULL DEFAULT '', retired_at timestamptz, created_at timestamptz NOT NULL, version int NOT NULL DEFAULT 1,
  UNIQUE (id, org_id),
  CONSTRAINT contacts_of_customer FOREIGN KEY (customer_id, org_id) REFERENCES customers (id, org_id)
);
CREATE INDEX contacts_customer ON contacts (customer_id);
CREATE INDEX contacts_phones ON contacts USING gin (phone_keys(phones));

CREATE TABLE sites (
  id uuid PRIMARY KEY, org_id int NOT NULL, customer_id uuid NOT NULL,
  address text NOT NULL, region_code text NOT NULL CONSTRAINT sites_region REFERENCES regions (code), lat double precision, lng double precision,
  access_notes text NOT NULL DEFAULT '', open_hours text NOT NULL DEFAULT '', zone text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL, version int NOT NULL DEFAULT 1,
  UNIQUE (id, org_id),
  CONSTRAINT sites_of_customer FOREIGN KEY (customer_id, org_id) REFERENCES customers (id, org_id),
  CONSTRAINT sites_position CHECK ((lat IS NULL) = (lng IS NULL) AND (lat IS NULL OR lat BETWEEN -90 AND 90 AND lng BETWEEN -180 AND 180))
);
CREATE INDEX sites_customer ON sites (customer_id);

-- Warranty dates are computed from these facts and the days lost to repair; warranty_until is what a paper says, if one does.
CREATE TABLE assets (
  id uuid PRIMARY KEY, org_id int NOT NULL, customer_id uuid NOT NULL, site_id uuid NOT NULL,
  model text NOT NULL DEFAULT '', category text NOT NULL DEFAULT '', brand text NOT NULL DEFAULT '',
  serial_number text, plate text, produced_year int, purchased_on date, installed_on date, produced_on date,
  proof text CHECK (proof IN ('invoice', 'card', 'online_order', 'none')), seller text NOT NULL DEFAULT '', warranty_until date,
  warranty_days_added int NOT NULL DEFAULT 0, notes text NOT NULL DEFAULT '', origin text NOT NULL DEFAULT '', external_ref text,
  created_at timestamptz NOT NULL, version int NOT NULL DEFAULT 1,
  UNIQUE (id, org_id),
  CONSTRAINT assets_of_customer FOREIGN KEY (customer_id, org_id) REFERENCES customers (id, org_id),
  CONSTRAINT assets_at_site FOREIGN KEY (site_id, org_id) REFERENCES sites (id, org_id)
);
CREATE INDEX assets_customer ON assets (customer_id);
CREATE INDEX assets_site ON assets (site_id);
CREATE INDEX assets_serial ON assets (upper(serial_number) text_pattern_ops);
CREATE INDEX assets_plate ON assets (upper(plate) text_pattern_ops);
CREATE INDEX assets_list ON assets (org_id, id DESC);

CREATE TABLE contracts (
  id uuid PRIMARY KEY, org_id int NOT NULL, customer_id uuid NOT NULL, asset_id uuid,
  kind text NOT NULL DEFAULT 'contract' CONSTRAINT contracts_kind CHECK (kind IN ('contract', 'extended')), number text NOT NULL,
  name text NOT NULL, starts_on date NOT NULL, ends_on date NOT NULL, covers text[] NOT NULL DEFAULT '{labour,part,travel,inspection}',
  notes text NOT NULL DEFAULT '', created_at timestamptz NOT NULL, version int NOT NULL DEFAULT 1,
  CONSTRAINT contracts_of_customer FOREIGN KEY (customer_id, org_id) REFERENCES customers (id, org_id),
  CONSTRAINT contracts_of_asset FOREIGN KEY (asset_id, org_id) REFERENCES assets (id, org_id),
  CONSTRAINT contracts_number UNIQUE (org_id, number),
  CONSTRAINT contracts_term CHECK (starts_on <= ends_on),
  CONSTRAINT contracts_covers CHECK (covers <> '{}' AND covers <@ ARRAY['labour', 'part', 'travel', 'inspection', 'material'])
);
CREATE INDEX contracts_customer ON contracts (customer_id);

-- Fault, cause and action codes of the repair sheet.
CREATE TABLE codes (
  kind text NOT NULL CHECK (kind IN ('fault', 'cause', 'action')), code text NOT NULL, name text NOT NULL, name_en text NOT NULL DEFAULT '',
  category text NOT NULL DEFAULT '', repairs boolean NOT NULL DEFAULT true, first_aid text NOT NULL DEFAULT '', first_aid_en text NOT NULL DEFAULT '',
  retired_at timestamptz, version int NOT NULL DEFAULT 1,
  PRIMARY KEY (kind, code)
);

CREATE TRIGGER customers_touch BEFORE INSERT OR UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER contacts_touch BEFORE INSERT OR UPDATE ON contacts FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER sites_touch BEFORE INSERT OR UPDATE ON sites FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER assets_touch BEFORE INSERT OR UPDATE ON assets FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER contracts_touch BEFORE INSERT OR UPDATE ON contracts FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER codes_touch BEFORE INSERT OR UPDATE ON codes FOR EACH ROW EXECUTE FUNCTION touch();

-- What was erased stays erased.
CREATE FUNCTION customers_stay_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.erased_at IS NOT NULL AND NEW.erased_at IS DISTINCT FROM OLD.erased_at THEN
    PERFORM refuse('customers_stay_erased', 'erased data do not come back: open a new file');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER customers_stay_erased BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION customers_stay_erased();
