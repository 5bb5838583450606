-- Promises: follow-up calls, complaints, clocks and everything somebody still has to tell the customer.
CREATE TABLE follow_ups (
  id uuid PRIMARY KEY, org_id int NOT NULL REFERENCES organisations (id), number text NOT NULL CONSTRAINT follow_ups_number UNIQUE, order_id uuid REFERENCES work_orders (id), request_id uuid REFERENCES requests (id), customer_id uuid REFERENCES customers (id),
  kind text NOT NULL CHECK (kind IN ('after_visit', 'after_answer', '3dc', '7dc', 'declined', 'cancelled')), main boolean NOT NULL DEFAULT true, state text NOT NULL DEFAULT 'scheduled',
  anchor_on date NOT NULL, due_from date NOT NULL, due_to date NOT NULL, due_on date NOT NULL, zone text NOT NULL DEFAULT 'Asia/Shanghai', shifted boolean NOT NULL DEFAULT false, late_sheet boolean NOT NULL DEFAULT false,
  recalculated boolean NOT NULL DEFAULT false, calendar_guess boolean NOT NULL DEFAULT false,
  assignee_id uuid, claimed_by uuid, claimed_until timestamptz, attempts int NOT NULL DEFAULT 0, counted_attempts int NOT NULL DEFAULT 0, next_at timestamptz,
  result text CHECK (result IN ('satisfied', 'neutral', 'dissatisfied')), score_service int CHECK (score_service BETWEEN 1 AND 5), score_product int CHECK (score_product BETWEEN 1 AND 5),
  in_window boolean, early boolean NOT NULL DEFAULT false, end_reason text, done_at timestamptz, superseded_by uuid, created_at timestamptz NOT NULL, version int NOT NULL DEFAULT 1,
  UNIQUE (id, org_id),
  CONSTRAINT follow_ups_about CHECK (num_nonnulls(order_id, request_id) > 0),
  CONSTRAINT follow_ups_window CHECK (due_from <= due_to AND (shifted OR late_sheet OR due_on BETWEEN due_from AND due_to)),
  CONSTRAINT follow_ups_done_when CHECK ((state IN ('done', 'unreachable', 'waived')) = (done_at IS NOT NULL)),
  CONSTRAINT follow_ups_waived_why CHECK (state <> 'waived' OR end_reason IS NOT NULL)
);
CREATE UNIQUE INDEX follow_ups_one_main ON follow_ups (order_id) WHERE main AND state <> 'superseded';
CREATE UNIQUE INDEX follow_ups_one_after_answer ON follow_ups (request_id) WHERE kind = 'after_answer' AND state <> 'superseded';
CREATE INDEX follow_ups_due ON follow_ups (org_id, due_on, id) WHERE state IN ('scheduled', 'due', 'attempted');
CREATE INDEX follow_ups_assignee ON follow_ups (assignee_id, due_on, id) WHERE state IN ('scheduled', 'due', 'attempted');
CREATE INDEX follow_ups_order ON follow_ups (order_id);
CREATE INDEX follow_ups_customer ON follow_ups (customer_id) WHERE state IN ('scheduled', 'due', 'attempted');
CREATE TRIGGER follow_ups_move BEFORE INSERT OR UPDATE ON follow_ups FOR EACH ROW EXECUTE FUNCTION move_state('follow_up');

CREATE TABLE follow_up_attempts (
  id uuid PRIMARY KEY, org_id int NOT NULL, follow_up_id uuid NOT NULL, no int NOT NULL, at timestamptz NOT NULL, caller_id uuid, actor text NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('reached', 'no_answer', 'busy', 'phone_off', 'call_later', 'refused', 'wrong_number', 'wrong_person')),
  scores jsonb NOT NULL DEFAULT '{}', comment text NOT NULL DEFAULT '', call_again_at timestamptz, next text CHECK (next IN ('none', 'repeat_visit', 'new_request', 'complaint', 'corrective_action', 'concession')),
  answered_by text NOT NULL DEFAULT '', identity_checked boolean, counted boolean NOT NULL DEFAULT false, early boolean NOT NULL DEFAULT false, late boolean NOT NULL DEFAULT false,
  complaint_id uuid, request_id uuid REFERENCES requests (id),
  CONSTRAINT follow_up_attempts_of FOREIGN KEY (follow_up_id, org_id) REFERENCES follow_ups (id, org_id),
  CONSTRAINT follow_up_attempts_no UNIQUE (follow_up_id, no)
);
CREATE TRIGGER follow_up_attempts_append_only BEFORE UPDATE OR DELETE ON follow_up_attempts FOR EACH ROW EXECUTE FUNCTION append_only();

-- A finished order has exactly one main follow-up: at most one by index, at least one by these two triggers.
CREATE FUNCTION completed_has_follow_up() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  the_order uuid; o record;
BEGIN
  the_order := CASE WHEN TG_TABLE_NAME = 'work_orders' THEN (to_jsonb(NEW) ->> 'id')::uuid ELSE (to_jsonb(OLD) ->> 'order_id')::uuid END;
  IF TG_TABLE_NAME = 'work_orders' THEN
    SELECT state, end_reason, origin INTO o FROM work_orders WHERE id = the_order;
  ELSE
    SELECT state, end_reason, origin INTO o FROM work_orders WHERE id = the_order FOR SHARE;
  END IF;
  IF o.origin IS DISTINCT FROM 'import' AND (o.state = 'completed' OR o.state = 'cannot_complete' AND o.end_reason <> 'quote_declined')
     AND NOT EXISTS (SELECT 1 FROM follow_ups f WHERE f.order_id = the_order AND f.main AND f.state <> 'superseded') THEN
    PERFORM refuse('work_orders_completed_follow_up', 'a finished order has one follow-up call');
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER work_orders_completed_follow_up AFTER INSERT OR UPDATE OF state ON work_orders
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state IN ('completed', 'cannot_complete')) EXECUTE FUNCTION completed_has_follow_up();
CREATE CONSTRAINT TRIGGER follow_ups_completed_follow_up AFTER UPDATE OF state, main, order_id OR DELETE ON follow_ups
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.main) EXECUTE FUNCTION completed_has_follow_up();

CREATE TABLE complaints (
  id uuid PRIMARY KEY, org_id int NOT NULL REFERENCES organisations (id), number text NOT NULL CONSTRAINT complaints_number UNIQUE, request_id uuid REFERENCES requests (id), order_id uuid REFERENCES work_orders (id),
  customer_id uuid REFERENCES customers (id), follow_up_id uuid REFERENCES follow_ups (id), channel text NOT NULL DEFAULT 'phone', grade text NOT NULL CHECK (grade IN ('grumble', 'complaint')), severity int NOT NULL CHECK (severity BETWEEN 1 AND 4),
  category text CHECK (category IN ('attitude', 'quality', 'delay', 'charge', 'product', 'damage', 'misconduct')), text text NOT NULL, demand text NOT NULL DEFAULT '', against jsonb, anonymous boolean NOT NULL DEFAULT false, confidential boolean NOT NULL DEFAULT false,
  external_ref text, external_due_on date, state text NOT NULL DEFAULT 'registered', level int NOT NULL DEFAULT 1 CHECK (level BETWEEN 1 AND 3), owner_id uuid,
  received_at timestamptz NOT NULL, registered_at timestamptz NOT NULL, reply_due_at timestamptz NOT NULL, replied_at timestamptz, verified_at timestamptz, verification text,
  cause text, replies jsonb NOT NULL DEFAULT '[]', proposals jsonb NOT NULL DEFAULT '[]', refused_offers int NOT NULL DEFAULT 0, resolution text, closed_at timestamptz, version int NOT NULL DEFAULT 1,
  UNIQUE (id, org_id),
  CONSTRAINT complaints_reply_24h CHECK (reply_due_at = received_at + make_interval(hours => 24)),
  CONSTRAINT complaints_closed_after_reply CHECK (state <> 'closed' OR replied_at IS NOT NULL),
  CONSTRAINT complaints_closed_when CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
  CONSTRAINT complaints_answered_before_closed CHECK (state IN ('registered') OR replied_at IS NOT NULL)
);
CREATE INDEX complaints_open ON complaints (org_id, reply_due_at) WHERE state <> 'closed';
CREATE INDEX complaints_order ON complaints (order_id);
CREATE INDEX complaints_customer ON complaints (customer_id);
CREATE TRIGGER complaints_move BEFORE INSERT OR UPDATE ON complaints FOR EACH ROW EXECUTE FUNCTION move_state('complaint');
CREATE FUNCTION complaints_level_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.level < OLD.level THEN PERFORM refuse('complaints_level_only_up', 'a complaint is escalated upwards only'); END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER complaints_level_up BEFORE UPDATE OF level ON complaints FOR EACH ROW EXECUTE FUNCTION complaints_level_up();
-- When it came and when it was first answered are facts.
CREATE FUNCTION complaints_reply_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.received_at <> OLD.received_at OR NEW.reply_due_at <> OLD.reply_due_at OR OLD.replied_at IS NOT NULL AND NEW.replied_at IS DISTINCT FROM OLD.replied_at
     OR jsonb_array_length(NEW.replies) < jsonb_array_length(OLD.replies) THEN
    PERFORM refuse('complaints_reply_stays', 'the time of a complaint and of its first reply, and what was said, never change');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER complaints_reply_stays BEFORE UPDATE ON complaints FOR EACH ROW EXECUTE FUNCTION complaints_reply_stays();
ALTER TABLE timeline ADD CONSTRAINT timeline_complaint_of FOREIGN KEY (complaint_id) REFERENCES complaints (id);
ALTER TABLE follow_up_attempts ADD CONSTRAINT follow_up_attempts_complaint FOREIGN KEY (complaint_id) REFERENCES complaints (id);

-- A clock runs until it is met or stopped; each level of its escalation happens once.
CREATE TABLE clocks (
  id uuid PRIMARY KEY, org_id int NOT NULL REFERENCES organisations (id), subject_kind text NOT NULL CHECK (subject_kind IN ('request', 'complaint', 'work_order')), subject_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('reply', 'promised', 'contact', 'arrive', 'fix')), due_at timestamptz NOT NULL, next_at timestamptz, level int NOT NULL DEFAULT 0 CHECK (level BETWEEN 0 AND 4),
  met_at timestamptz, stopped_at timestamptz, paused_at timestamptz,
  CONSTRAINT clocks_running CHECK ((next_at IS NOT NULL) = (met_at IS NULL AND stopped_at IS NULL AND paused_at IS NULL AND level < 4))
);
CREATE UNIQUE INDEX clocks_once ON clocks (subject_id, kind) WHERE met_at IS NULL AND stopped_at IS NULL;
CREATE INDEX clocks_subject ON clocks (subject_id);
CREATE INDEX clocks_next ON clocks (next_at) WHERE next_at IS NOT NULL;
CREATE TABLE escalations (
  clock_id uuid NOT NULL REFERENCES clocks (id), level int NOT NULL CHECK (level BETWEEN 1 AND 4), org_id int NOT NULL, at timestamptz NOT NULL, passed boolean NOT NULL DEFAULT false,
  PRIMARY KEY (clock_id, level)
);
CREATE TRIGGER escalations_append_only BEFORE UPDATE OR DELETE ON escalations FOR EACH ROW EXECUTE FUNCTION append_only();

-- Everything that somebody still has to tell a customer by voice.
CREATE TABLE callbacks (
  id uuid PRIMARY KEY, org_id int NOT NULL REFERENCES organisations (id), reason text NOT NULL CHECK (reason IN ('appointment', 'displaced', 'delay', 'part_arrived', 'no_access', 'quote_open', 'device_ready', 'unpaid', 'promised_reply', 'missed_call')),
  order_id uuid REFERENCES work_orders (id), request_id uuid REFERENCES requests (id), complaint_id uuid REFERENCES complaints (id), customer_id uuid REFERENCES customers (id), contact_id uuid REFERENCES contacts (id),
  due_at timestamptz NOT NULL, assignee_id uuid, text text NOT NULL DEFAULT '', state text NOT NULL DEFAULT 'open', attempts int NOT NULL DEFAULT 0, done_at timestamptz, outcome text, created_at timestamptz NOT NULL, created_by uuid, version int NOT NULL DEFAULT 1,
  UNIQUE (id, org_id),
  CONSTRAINT callbacks_about CHECK (num_nonnulls(order_id, request_id, complaint_id, customer_id) > 0),
  CONSTRAINT callbacks_done_when CHECK ((state <> 'open') = (done_at IS NOT NULL))
);
CREATE INDEX callbacks_open ON callbacks (org_id, due_at) WHERE state = 'open';
CREATE UNIQUE INDEX callbacks_one_open ON callbacks (order_id, reason) WHERE state = 'open' AND order_id IS NOT NULL AND reason <> 'missed_call';
CREATE INDEX callbacks_order ON callbacks (order_id);
CREATE TRIGGER callbacks_move BEFORE INSERT OR UPDATE ON callbacks FOR EACH ROW EXECUTE FUNCTION move_state('callback');
CREATE TABLE callback_attempts (
  id uuid PRIMARY KEY, org_id int NOT NULL, callback_id uuid NOT NULL, no int NOT NULL, at timestamptz NOT NULL, user_id uuid, actor text NOT NULL, outcome text NOT NULL, text text NOT NULL DEFAULT '', call_again_at timestamptz,
  CONSTRAINT callback_attempts_of FOREIGN KEY (callback_id, org_id) REFERENCES callbacks (id, org_id), CONSTRAINT callback_attempts_no UNIQUE (callback_id, no)
);
CREATE TRIGGER callback_attempts_append_only BEFORE UPDATE OR DELETE ON callback_attempts FOR EACH ROW EXECUTE FUNCTION append_only();
