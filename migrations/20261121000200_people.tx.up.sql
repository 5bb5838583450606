-- Who signs in: users, their roles, sessions, set-up links, and the links customers get.
CREATE TABLE users (
  id uuid PRIMARY KEY,
  org_id int NOT NULL REFERENCES organisations (id),
  login text NOT NULL,
  name text NOT NULL,
  password_hash text,
  password_at timestamptz,
  active boolean NOT NULL DEFAULT true,
  engineer_id uuid,
  lang text NOT NULL DEFAULT '' CONSTRAINT users_lang CHECK (lang IN ('', 'zh-Hans', 'en')),
  created_at timestamptz NOT NULL,
  version int NOT NULL DEFAULT 1,
  UNIQUE (id, org_id),
  CONSTRAINT users_login_shape CHECK (login ~ '^[A-Za-z0-9._@+-]{1,80}$'),
  CONSTRAINT users_password_when CHECK ((password_hash IS NULL) = (password_at IS NULL))
);
CREATE UNIQUE INDEX users_login ON users (lower(login));
CREATE INDEX users_list ON users (org_id, id DESC);
CREATE UNIQUE INDEX users_one_per_engineer ON users (engineer_id) WHERE engineer_id IS NOT NULL AND active;
CREATE TRIGGER users_touch BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();

CREATE TABLE user_roles (
  user_id uuid NOT NULL REFERENCES users (id),
  role text NOT NULL CONSTRAINT user_roles_role CHECK (role IN (
    'admin', 'manager', 'lead', 'dispatcher', 'agent', 'caller', 'complaints', 'clerk', 'cashier', 'stock', 'engineer', 'depot',
    'technical', 'auditor', 'partner_manager', 'partner_dispatcher', 'partner_engineer')),
  PRIMARY KEY (user_id, role)
);

-- Tokens are kept as SHA-256 alone: who reads this table cannot sign in with it.
CREATE TABLE sessions (
  token_hash bytea PRIMARY KEY CONSTRAINT sessions_hash CHECK (length(token_hash) = 32),
  id uuid NOT NULL UNIQUE,
  user_id uuid NOT NULL REFERENCES users (id),
  kind text NOT NULL CHECK (kind IN ('cookie', 'bearer', 'token')),
  name text NOT NULL DEFAULT '',
  address text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL,
  seen_at timestamptz NOT NULL,
  idle_seconds int NOT NULL CHECK (idle_seconds > 0),
  idle_until timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz
);
CREATE INDEX sessions_user ON sessions (user_id, created_at DESC);
CREATE INDEX sessions_ended ON sessions (expires_at);

-- Failed sign-ins by account, by address, and by both together. Kept apart from users, whose version
-- people rely on.
CREATE TABLE login_failures (
  key text PRIMARY KEY,
  failures int NOT NULL,
  last_at timestamptz NOT NULL,
  wait_until timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX login_failures_old ON login_failures (last_at);

CREATE TABLE setup_links (
  token_hash bytea PRIMARY KEY CONSTRAINT setup_links_hash CHECK (length(token_hash) = 32),
  user_id uuid REFERENCES users (id),
  purpose text NOT NULL CHECK (purpose IN ('first_run', 'invite', 'reset')),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  CONSTRAINT setup_links_whose CHECK ((purpose = 'first_run') = (user_id IS NULL))
);
CREATE INDEX setup_links_user ON setup_links (user_id);

-- What a customer may do with one order without an account.
CREATE TABLE links (
  token_hash bytea PRIMARY KEY CONSTRAINT links_hash CHECK (length(token_hash) = 32),
  org_id int NOT NULL REFERENCES organisations (id),
  order_id uuid NOT NULL,
  quote_id uuid,
  purpose text NOT NULL CHECK (purpose IN ('view', 'quote', 'sign', 'rate')),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  CONSTRAINT links_quote_named CHECK (purpose <> 'quote' OR quote_id IS NOT NULL)
);
CREATE INDEX links_order ON links (order_id);
CREATE INDEX links_quote_of ON links (quote_id) WHERE quote_id IS NOT NULL;
