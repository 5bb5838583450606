-- The follow-up desk: windows as data, scripts with versions, callers and what they can do, campaigns, and what
-- a call leads to.
CREATE TABLE follow_up_kinds (
  code text PRIMARY KEY CONSTRAINT follow_up_kinds_code CHECK (code ~ '^[a-z0-9][a-z0-9_]{0,29}$'),
  name_zh text NOT NULL, name_en text NOT NULL,
  from_day int NOT NULL, to_day int NOT NULL,
  main boolean NOT NULL DEFAULT false, active boolean NOT NULL DEFAULT true, version int NOT NULL DEFAULT 1,
  CONSTRAINT follow_up_kinds_days CHECK (from_day BETWEEN 0 AND to_day AND to_day <= 60)
);
CREATE TRIGGER follow_up_kinds_touch BEFORE INSERT OR UPDATE ON follow_up_kinds FOR EACH ROW EXECUTE FUNCTION touch();
INSERT INTO follow_up_kinds (code, name_zh, name_en, from_day, to_day, main) VALUES
  ('after_visit', '完工回访', 'after the visit', 2, 3, true), ('after_answer', '电话解决回访', 'after an answer', 2, 3, false),
  ('3dc', '3DC 回访', '3DC', 3, 5, true), ('7dc', '7DC 回访', '7DC', 7, 10, true),
  ('declined', '未成交回访', 'after a refusal', 2, 3, false), ('cancelled', '取消回访', 'after a cancellation', 2, 3, false),
  ('first_contact', '首次联系', 'first contact', 0, 7, false), ('care', '客户关怀', 'care', 0, 10, false);
-- Which one kind of call follows which kind of order.
CREATE TABLE follow_up_rules (
  order_kind text PRIMARY KEY CHECK (order_kind IN ('repair', 'install', 'maintain', 'inspect', 'exchange', 'deliver', 'train', 'relocate')),
  kind text NOT NULL REFERENCES follow_up_kinds (code)
);
INSERT INTO follow_up_rules VALUES ('repair', 'after_visit'), ('install', 'after_visit'), ('maintain', '3dc'), ('inspect', 'after_visit'), ('exchange', 'after_visit'), ('deliver', '7dc'), ('train', 'after_visit'), ('relocate', 'after_visit');
ALTER TABLE follow_ups DROP CONSTRAINT follow_ups_kind_check;
ALTER TABLE follow_ups ADD CONSTRAINT follow_ups_kind FOREIGN KEY (kind) REFERENCES follow_up_kinds (code);

CREATE TABLE campaigns (
  id uuid PRIMARY KEY, org_id int NOT NULL REFERENCES organisations (id), name text NOT NULL CONSTRAINT campaigns_name CHECK (length(name) BETWEEN 1 AND 200),
  kind text NOT NULL REFERENCES follow_up_kinds (code), mode text NOT NULL CHECK (mode IN ('phone', 'letter', 'visit')),
  segment jsonb NOT NULL DEFAULT '{}', every_days int CONSTRAINT campaigns_every CHECK (every_days BETWEEN 1 AND 1000), next_on date, paused_at timestamptz,
  created_at timestamptz NOT NULL, created_by uuid, version int NOT NULL DEFAULT 1
);
CREATE INDEX campaigns_due ON campaigns (next_on) WHERE next_on IS NOT NULL AND paused_at IS NULL;
CREATE TRIGGER campaigns_touch BEFORE INSERT OR UPDATE ON campaigns FOR EACH ROW EXECUTE FUNCTION touch();

ALTER TABLE follow_ups DROP CONSTRAINT follow_ups_about;
ALTER TABLE follow_ups ADD CONSTRAINT follow_ups_about CHECK (num_nonnulls(order_id, request_id, customer_id) > 0);
ALTER TABLE follow_ups ADD COLUMN mode text NOT NULL DEFAULT 'phone' CONSTRAINT follow_ups_mode CHECK (mode IN ('phone', 'letter', 'visit')),
  ADD COLUMN campaign_id uuid REFERENCES campaigns (id), ADD COLUMN visit_order_id uuid REFERENCES work_orders (id);
CREATE UNIQUE INDEX follow_ups_campaign_once ON follow_ups (campaign_id, customer_id, anchor_on) WHERE campaign_id IS NOT NULL;
CREATE UNIQUE INDEX follow_ups_visit ON follow_ups (visit_order_id) WHERE visit_order_id IS NOT NULL;

-- A script is said as it was written: a change is a new version.
CREATE TABLE call_scripts (
  id uuid PRIMARY KEY, org_id int NOT NULL REFERENCES organisations (id), kind text NOT NULL REFERENCES follow_up_kinds (code), version int NOT NULL CHECK (version > 0),
  zh text NOT NULL, en text NOT NULL, questions text[] NOT NULL, created_at timestamptz NOT NULL, created_by uuid,
  CONSTRAINT call_scripts_version UNIQUE (org_id, kind, version),
  CONSTRAINT call_scripts_asks CHECK (questions @> ARRAY['service'] AND questions <@ ARRAY['service', 'product', 'on_time', 'manner', 'charges', 'clean'])
);
CREATE TRIGGER call_scripts_append_only BEFORE UPDATE OR DELETE ON call_scripts FOR EACH ROW EXECUTE FUNCTION append_only();
ALTER TABLE follow_up_attempts ADD COLUMN script_version int NOT NULL DEFAULT 0, ADD COLUMN improvement_id uuid;

-- What a caller can take: how many a day, in which languages, which kinds; and until when he is away.
CREATE TABLE callers (
  user_id uuid PRIMARY KEY REFERENCES users (id), org_id int NOT NULL REFERENCES organisations (id), per_day int NOT NULL DEFAULT 40 CONSTRAINT callers_per_day CHECK (per_day BETWEEN 1 AND 500),
  languages text[] NOT NULL DEFAULT '{zh-Hans}', kinds text[] NOT NULL DEFAULT '{}', away_until date, version int NOT NULL DEFAULT 1
);
CREATE TRIGGER callers_touch BEFORE INSERT OR UPDATE ON callers FOR EACH ROW EXECUTE FUNCTION touch();

-- What has to become better: somebody answers for it by a day, and somebody else looks whether it helped.
CREATE TABLE improvements (
  id uuid PRIMARY KEY, org_id int NOT NULL REFERENCES organisations (id), number text NOT NULL CONSTRAINT improvements_number UNIQUE,
  kind text NOT NULL CHECK (kind IN ('corrective', 'concession', 'suggestion', 'question', 'task')), state text NOT NULL DEFAULT 'open',
  text text NOT NULL CONSTRAINT improvements_text CHECK (length(text) BETWEEN 1 AND 4000), department text NOT NULL DEFAULT '', owner_id uuid, due_on date NOT NULL,
  follow_up_id uuid REFERENCES follow_ups (id), complaint_id uuid REFERENCES complaints (id), request_id uuid REFERENCES requests (id), order_id uuid REFERENCES work_orders (id), customer_id uuid REFERENCES customers (id),
  result text NOT NULL DEFAULT '', done_at timestamptz, done_by uuid, effective boolean, verified_at timestamptz, verified_by uuid, check_note text NOT NULL DEFAULT '', rounds int NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL, created_by uuid, version int NOT NULL DEFAULT 1,
  CONSTRAINT improvements_done_what CHECK (state NOT IN ('done', 'effective') OR result <> '' AND done_at IS NOT NULL),
  CONSTRAINT improvements_checked CHECK ((state = 'effective') = (verified_at IS NOT NULL AND effective)),
  CONSTRAINT improvements_second_eyes CHECK (verified_by IS NULL OR done_by IS NULL OR verified_by <> done_by)
);
CREATE INDEX improvements_open ON improvements (org_id, due_on, id) WHERE state IN ('open', 'done');
CREATE TRIGGER improvements_move BEFORE INSERT OR UPDATE ON improvements FOR EACH ROW EXECUTE FUNCTION move_state('improvement');
ALTER TABLE follow_up_attempts ADD CONSTRAINT follow_up_attempts_improvement FOREIGN KEY (improvement_id) REFERENCES improvements (id);

-- A complaint also says when and how we were sorry, and what lay at the root of it.
ALTER TABLE complaints ADD COLUMN apology text, ADD COLUMN apologised_at timestamptz, ADD COLUMN root_cause text
  CONSTRAINT complaints_root_cause CHECK (root_cause IN ('people', 'parts', 'product', 'process', 'information', 'supplier', 'customer', 'none')),
  ADD COLUMN special boolean NOT NULL DEFAULT false,
  ADD CONSTRAINT complaints_apology CHECK ((apology IS NULL) = (apologised_at IS NULL));

-- Who was asked first stays responsible until somebody else has accepted; the flow a request takes; and what
-- the house learnt from it.
ALTER TABLE requests ADD COLUMN flow text NOT NULL DEFAULT 'simple' CONSTRAINT requests_flow CHECK (flow IN ('simple', 'dispute', 'technical', 'unsolvable')),
  ADD COLUMN flow_note text NOT NULL DEFAULT '', ADD COLUMN handing_to uuid, ADD COLUMN handing_at timestamptz, ADD COLUMN handing_reason text NOT NULL DEFAULT '', ADD COLUMN bounced int NOT NULL DEFAULT 0,
  ADD COLUMN feedback text NOT NULL DEFAULT '', ADD COLUMN feedback_department text NOT NULL DEFAULT '', ADD COLUMN feedback_at timestamptz, ADD COLUMN feedback_by uuid,
  ADD CONSTRAINT requests_handing CHECK ((handing_to IS NULL) = (handing_at IS NULL)),
  ADD CONSTRAINT requests_feedback_when CHECK ((feedback = '') = (feedback_at IS NULL));
CREATE INDEX requests_feedback_due ON requests (org_id, closed_at) WHERE feedback_at IS NULL AND closed_at IS NOT NULL;
CREATE TABLE request_watchers (request_id uuid NOT NULL REFERENCES requests (id), user_id uuid NOT NULL REFERENCES users (id), since timestamptz NOT NULL, PRIMARY KEY (request_id, user_id));
