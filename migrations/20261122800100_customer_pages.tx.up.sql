-- What a customer may do from outside: follow a request before there is an order, report again from the label
-- on a device, sign, rate. Every link names what it covers and ends.
ALTER TABLE links ALTER COLUMN order_id DROP NOT NULL;
ALTER TABLE links ADD COLUMN request_id uuid;
ALTER TABLE links DROP CONSTRAINT links_purpose_check;
ALTER TABLE links ADD CONSTRAINT links_purpose CHECK (purpose IN ('view', 'quote', 'sign', 'rate', 'request'));
ALTER TABLE links ADD CONSTRAINT links_about CHECK (num_nonnulls(order_id, request_id) > 0);
CREATE INDEX links_request ON links (request_id) WHERE request_id IS NOT NULL;

-- Who reported without an account: what was typed, where it came from (as a hash), and whether the telephone
-- number was proven by a code sent to it.
CREATE TABLE reporters (
  request_id uuid PRIMARY KEY REFERENCES requests (id),
  org_id int NOT NULL REFERENCES organisations (id),
  name text NOT NULL,
  phone text NOT NULL,
  address text NOT NULL,
  wish text NOT NULL DEFAULT '',
  lang text NOT NULL,
  source bytea NOT NULL CONSTRAINT reporters_source CHECK (length(source) = 32),
  at timestamptz NOT NULL,
  code_hash bytea,
  code_until timestamptz,
  code_tries int NOT NULL DEFAULT 0 CONSTRAINT reporters_tries CHECK (code_tries BETWEEN 0 AND 5),
  verified_at timestamptz
);
CREATE INDEX reporters_source_at ON reporters (source, at);
CREATE INDEX reporters_phone_at ON reporters (phone, at);
CREATE INDEX reporters_at ON reporters (at);

-- A customer's signature under his link. It is added beside the sheet, which stays as it was.
CREATE TABLE link_signatures (
  id uuid PRIMARY KEY,
  org_id int NOT NULL REFERENCES organisations (id),
  order_id uuid NOT NULL REFERENCES work_orders (id),
  sheet_id uuid NOT NULL REFERENCES sheets (id),
  name text NOT NULL CONSTRAINT link_signatures_name CHECK (length(name) BETWEEN 1 AND 100),
  signature jsonb,
  address text NOT NULL DEFAULT '',
  at timestamptz NOT NULL,
  CONSTRAINT link_signatures_once UNIQUE (sheet_id)
);
CREATE TRIGGER link_signatures_append_only BEFORE UPDATE OR DELETE ON link_signatures FOR EACH ROW EXECUTE FUNCTION append_only();

-- The label on a device. Its code opens what any finder may know: the device and its repairs, nobody's name.
CREATE TABLE asset_labels (
  code text PRIMARY KEY CONSTRAINT asset_labels_code CHECK (code ~ '^[a-z2-7]{16}$'),
  asset_id uuid NOT NULL REFERENCES assets (id),
  org_id int NOT NULL REFERENCES organisations (id),
  created_at timestamptz NOT NULL,
  created_by uuid,
  revoked_at timestamptz
);
CREATE UNIQUE INDEX asset_labels_one ON asset_labels (asset_id) WHERE revoked_at IS NULL;

-- What a customer says under his link before his window begins is kept and does not replace the call.
ALTER TABLE follow_up_attempts DROP CONSTRAINT follow_up_attempts_outcome_check;
ALTER TABLE follow_up_attempts ADD CONSTRAINT follow_up_attempts_outcome CHECK (outcome IN ('reached', 'no_answer', 'busy', 'phone_off', 'call_later', 'refused', 'wrong_number', 'wrong_person', 'rated'));
ALTER TABLE follow_up_attempts ADD COLUMN channel text NOT NULL DEFAULT 'phone' CONSTRAINT follow_up_attempts_channel CHECK (channel IN ('phone', 'link', 'letter', 'visit', 'email'));
ALTER TABLE follow_up_attempts ADD CONSTRAINT follow_up_attempts_rated CHECK (outcome <> 'rated' OR channel = 'link');
