-- Groups with members take what reaches the house by its kind; what was said on the telephone is written down with
-- how it ended; who only asks is a prospect; and the hours in which somebody answers are data.
ALTER TABLE requests DROP CONSTRAINT requests_kind_check;
ALTER TABLE requests ADD CONSTRAINT requests_kind_check CHECK (kind IN
  ('repair', 'install', 'maintain', 'inspect', 'exchange', 'deliver', 'train', 'consult', 'technical', 'appointment', 'account', 'suggestion', 'billing', 'complaint', 'other'));

CREATE TABLE service_groups (
  code text PRIMARY KEY CONSTRAINT service_groups_code CHECK (code ~ '^[a-z0-9][a-z0-9_]{0,29}$'),
  name_zh text NOT NULL, name_en text NOT NULL, version int NOT NULL DEFAULT 1
);
INSERT INTO service_groups (code, name_zh, name_en) VALUES ('service', '客服组', 'Customer service'), ('orders', '订单组', 'Orders'), ('complaints', '投诉组', 'Complaints'), ('technical', '技术组', 'Technical support');
CREATE TRIGGER service_groups_touch BEFORE INSERT OR UPDATE ON service_groups FOR EACH ROW EXECUTE FUNCTION touch();
SELECT audit_attach('service_groups');
CREATE TABLE group_members (
  group_code text NOT NULL REFERENCES service_groups (code), user_id uuid NOT NULL REFERENCES users (id),
  skill text NOT NULL DEFAULT 'all_round' CONSTRAINT group_members_skill CHECK (skill IN ('technical', 'theory', 'all_round')), version int NOT NULL DEFAULT 1,
  CONSTRAINT group_members_once PRIMARY KEY (group_code, user_id)
);
CREATE INDEX group_members_user ON group_members (user_id);
CREATE TRIGGER group_members_touch BEFORE INSERT OR UPDATE ON group_members FOR EACH ROW EXECUTE FUNCTION touch();
SELECT audit_attach('group_members');
-- Which group takes which kind of request.
CREATE TABLE group_routes (
  kind text PRIMARY KEY, group_code text NOT NULL REFERENCES service_groups (code), version int NOT NULL DEFAULT 1
);
INSERT INTO group_routes (kind, group_code) VALUES ('repair', 'orders'), ('install', 'orders'), ('maintain', 'orders'), ('inspect', 'orders'), ('exchange', 'orders'), ('deliver', 'orders'), ('train', 'orders'), ('appointment', 'orders'),
  ('consult', 'service'), ('account', 'service'), ('suggestion', 'service'), ('billing', 'service'), ('other', 'service'), ('technical', 'technical'), ('complaint', 'complaints');
CREATE TRIGGER group_routes_touch BEFORE INSERT OR UPDATE ON group_routes FOR EACH ROW EXECUTE FUNCTION touch();
SELECT audit_attach('group_routes');
ALTER TABLE requests ADD COLUMN group_code text CONSTRAINT requests_group REFERENCES service_groups (code), ADD COLUMN read_back boolean NOT NULL DEFAULT false;
CREATE INDEX requests_group_open ON requests (group_code, id DESC) WHERE closed_at IS NULL;
CREATE INDEX requests_offered ON requests (handing_to) WHERE handing_to IS NOT NULL;

ALTER TABLE customers ADD COLUMN prospect boolean NOT NULL DEFAULT false;
CREATE INDEX customers_prospects ON customers (org_id, id DESC) WHERE prospect;

ALTER TABLE callbacks DROP CONSTRAINT callbacks_about;
ALTER TABLE callbacks ADD CONSTRAINT callbacks_about CHECK (num_nonnulls(order_id, request_id, complaint_id, customer_id) > 0 OR reason = 'missed_call' AND assignee_id IS NOT NULL AND text <> '');

-- What was said on the telephone or at the counter, and how it ended. No call ends without an outcome.
CREATE TABLE calls (
  id uuid PRIMARY KEY, org_id int NOT NULL REFERENCES organisations (id), direction text NOT NULL CONSTRAINT calls_direction CHECK (direction IN ('in', 'out')),
  channel text NOT NULL CONSTRAINT calls_channel CHECK (channel IN ('phone', 'walk_in', 'chat')), user_id uuid REFERENCES users (id), actor text NOT NULL,
  name text NOT NULL, phone text NOT NULL DEFAULT '', purpose text NOT NULL CONSTRAINT calls_purpose CHECK (purpose <> ''), read_back boolean NOT NULL DEFAULT false,
  outcome text NOT NULL CONSTRAINT calls_outcome CHECK (outcome IN ('request', 'answered', 'declined', 'out_of_scope', 'transferred', 'message')),
  detail text NOT NULL DEFAULT '', to_whom text NOT NULL DEFAULT '', callback_id uuid REFERENCES callbacks (id), request_id uuid REFERENCES requests (id), customer_id uuid REFERENCES customers (id),
  started_at timestamptz NOT NULL, ended_at timestamptz NOT NULL,
  CONSTRAINT calls_in_order CHECK (started_at <= ended_at),
  CONSTRAINT calls_say_how CHECK (outcome NOT IN ('answered', 'declined', 'out_of_scope') OR detail <> ''),
  CONSTRAINT calls_to_whom CHECK (outcome NOT IN ('transferred', 'message') OR to_whom <> ''),
  CONSTRAINT calls_message CHECK ((outcome = 'message') = (callback_id IS NOT NULL)),
  CONSTRAINT calls_request CHECK (outcome <> 'request' OR request_id IS NOT NULL)
);
CREATE INDEX calls_list ON calls (org_id, started_at DESC, id);
CREATE INDEX calls_request ON calls (request_id) WHERE request_id IS NOT NULL;
CREATE INDEX calls_customer ON calls (customer_id) WHERE customer_id IS NOT NULL;
SELECT audit_attach('calls');
-- Its words may be taken out when its customer is erased; nothing else changes.
CREATE FUNCTION calls_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.name = '' AND NEW.phone = '' AND NEW.purpose = '–' AND to_jsonb(NEW) - ARRAY['name', 'phone', 'purpose', 'detail'] = to_jsonb(OLD) - ARRAY['name', 'phone', 'purpose', 'detail']
     AND EXISTS (SELECT FROM customers k WHERE k.id = OLD.customer_id AND k.erased_at IS NOT NULL) THEN
    RETURN NEW;
  END IF;
  PERFORM refuse('calls_append_only', 'calls are facts: write down a new one instead');
  RETURN NULL;
END $$;
CREATE TRIGGER calls_append_only BEFORE UPDATE OR DELETE ON calls FOR EACH ROW EXECUTE FUNCTION calls_append_only();

-- When somebody answers, by weekday (1 = Monday); an organisation without a row takes the nearest above it, else
-- Monday to Sunday eight to six on working days.
CREATE TABLE service_hours (
  org_id int NOT NULL REFERENCES organisations (id), weekday int NOT NULL CONSTRAINT service_hours_weekday CHECK (weekday BETWEEN 1 AND 7),
  from_minute int NOT NULL, to_minute int NOT NULL, version int NOT NULL DEFAULT 1,
  CONSTRAINT service_hours_one_a_day PRIMARY KEY (org_id, weekday),
  CONSTRAINT service_hours_in_order CHECK (0 <= from_minute AND from_minute < to_minute AND to_minute <= 1440)
);
CREATE TRIGGER service_hours_touch BEFORE INSERT OR UPDATE ON service_hours FOR EACH ROW EXECUTE FUNCTION touch();
SELECT audit_attach('service_hours');
