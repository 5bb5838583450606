-- Phones that are told by their browser's push service, as long as they are signed in, and the key that this
-- installation signs with (RFC 8292). Both belong to signing in and are not in the account of changes.
CREATE TABLE push_keys (
  one boolean PRIMARY KEY DEFAULT true CONSTRAINT push_keys_one CHECK (one),
  public_key text NOT NULL, private_secret text NOT NULL, created_at timestamptz NOT NULL
);
CREATE TABLE push_subscriptions (
  address text PRIMARY KEY CONSTRAINT push_subscriptions_address CHECK (address ~ '^https?://' AND length(address) <= 2000), -- a phone is told once, for whoever signed in on it last
  session_id uuid NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  public_key bytea NOT NULL CONSTRAINT push_subscriptions_key CHECK (length(public_key) = 65),
  auth_secret bytea NOT NULL CONSTRAINT push_subscriptions_secret CHECK (length(auth_secret) = 16),
  at timestamptz NOT NULL
);
CREATE INDEX push_subscriptions_session ON push_subscriptions (session_id);
