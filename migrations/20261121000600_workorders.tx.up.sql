-- The story: request, quote, order, sheet, and everything told along the way.
CREATE TABLE requests (
  id uuid PRIMARY KEY, org_id int NOT NULL REFERENCES organisations (id), number text NOT NULL CONSTRAINT requests_number UNIQUE,
  origin text NOT NULL DEFAULT '', channel text NOT NULL CHECK (channel IN ('phone', 'email', 'web', 'chat', 'fax', 'letter', 'walk_in', 'link', 'shipment', 'import', 'api')),
  kind text NOT NULL CHECK (kind IN ('repair', 'install', 'maintain', 'inspect', 'exchange', 'deliver', 'train', 'consult', 'suggestion', 'billing', 'complaint', 'other')),
  state text NOT NULL DEFAULT 'received', summary text NOT NULL, description text NOT NULL DEFAULT '',
  customer_id uuid, site_id uuid, asset_id uuid, reporter_contact_id uuid,
  received_at timestamptz NOT NULL, registered_at timestamptz NOT NULL, received_reason text NOT NULL DEFAULT '',
  reply_due_at timestamptz, replied_at timestamptz, replied_how text, promised_reply_at timestamptz, told text NOT NULL DEFAULT '',
  coverage jsonb NOT NULL DEFAULT '{}', duplicate_of uuid REFERENCES requests (id), reject_reason text, solution text, fault_code text, answered_at timestamptz, came_back int NOT NULL DEFAULT 0,
  external_ref text, incoming jsonb, owner_id uuid, first_owner_id uuid, closed_at timestamptz, version int NOT NULL DEFAULT 1,
  UNIQUE (id, org_id),
  CONSTRAINT requests_of_customer FOREIGN KEY (customer_id, org_id) REFERENCES customers (id, org_id),
  CONSTRAINT requests_at_site FOREIGN KEY (site_id, org_id) REFERENCES sites (id, org_id),
  CONSTRAINT requests_of_asset FOREIGN KEY (asset_id, org_id) REFERENCES assets (id, org_id),
  CONSTRAINT requests_reporter FOREIGN KEY (reporter_contact_id, org_id) REFERENCES contacts (id, org_id),
  CONSTRAINT requests_reply_24h CHECK (CASE WHEN origin = 'import' THEN reply_due_at IS NULL
    ELSE reply_due_at IS NOT NULL AND reply_due_at = received_at + make_interval(hours => 24) END),
  CONSTRAINT requests_received_before_registered CHECK (received_at <= registered_at),
  CONSTRAINT requests_closed_when CHECK ((state IN ('converted', 'answered', 'duplicate', 'rejected')) = (closed_at IS NOT NULL)),
  CONSTRAINT requests_closed_after_reply CHECK (origin = 'import' OR state NOT IN ('answered', 'duplicate', 'rejected') OR replied_at IS NOT NULL),
  CONSTRAINT requests_duplicate_of_what CHECK ((state = 'duplicate') <= (duplicate_of IS NOT NULL)),
  CONSTRAINT requests_rejected_why CHECK ((state = 'rejected') <= (reject_reason IS NOT NULL)),
  CONSTRAINT requests_answered_how CHECK ((state = 'answered') <= (solution IS NOT NULL))
);
CREATE INDEX requests_state ON requests (org_id, state, id DESC);
CREATE INDEX requests_customer ON requests (customer_id, id DESC);
CREATE INDEX requests_asset ON requests (asset_id);
CREATE INDEX requests_reply_due ON requests (reply_due_at) WHERE replied_at IS NULL AND reply_due_at IS NOT NULL;
CREATE UNIQUE INDEX requests_imported_once ON requests (org_id, external_ref) WHERE origin = 'import';
CREATE TRIGGER requests_move BEFORE INSERT OR UPDATE ON requests FOR EACH ROW EXECUTE FUNCTION move_state('request');

CREATE TABLE work_orders (
  id uuid PRIMARY KEY, org_id int NOT NULL REFERENCES organisations (id), serving_org_id int NOT NULL REFERENCES organisations (id),
  number text NOT NULL CONSTRAINT work_orders_number UNIQUE, origin text NOT NULL DEFAULT '', external_ref text, request_id uuid,
  kind text NOT NULL CHECK (kind IN ('repair', 'install', 'maintain', 'inspect', 'exchange', 'deliver', 'train', 'relocate')),
  mode text NOT NULL DEFAULT 'on_site' CHECK (mode IN ('phone', 'on_site', 'depot')), state text NOT NULL DEFAULT 'new',
  priority int NOT NULL DEFAULT 3 CHECK (priority BETWEEN 1 AND 4), summary text NOT NULL,
  customer_id uuid NOT NULL, site_id uuid, asset_id uuid, site_contact_id uuid, payer_customer_id uuid,
  region_code text REFERENCES regions (code), skill_codes text[] NOT NULL DEFAULT '{}', duration_minutes int NOT NULL DEFAULT 60 CHECK (duration_minutes BETWEEN 1 AND 1440),
  wanted_window tstzrange, announced_window tstzrange,
  chargeable boolean NOT NULL DEFAULT false, approved_minor bigint, call_out_minor bigint, deduct_call_out boolean NOT NULL DEFAULT false, coverage jsonb NOT NULL DEFAULT '{}',
  engineer_id uuid, engineer_org_id int, hold_reason text CHECK (hold_reason IN ('parts', 'customer', 'depot', 'vendor', 'other')), hold_text text, hold_until timestamptz,
  finished_at timestamptz, end_reason text, unconfirmed boolean NOT NULL DEFAULT false, closed_at timestamptz, cancelled_at timestamptz, cancel_reason text,
  repeat_of_order uuid REFERENCES work_orders (id), repeat_of_sheet uuid, wanted_engineer uuid REFERENCES engineers (id), unwanted_engineer uuid REFERENCES engineers (id),
  displaced_at timestamptz, part_arrived_at timestamptz, reopened int NOT NULL DEFAULT 0, chase_count int NOT NULL DEFAULT 0, no_access_count int NOT NULL DEFAULT 0,
  contact_due_at timestamptz, contacted_at timestamptz, arrive_due_at timestamptz, arrived_at timestamptz, fix_due_at timestamptz, paused_at timestamptz, paused_seconds bigint NOT NULL DEFAULT 0,
  owner_id uuid, first_owner_id uuid, performed_by_org int REFERENCES organisations (id), money_held_by int REFERENCES organisations (id), distance_metres bigint,
  original_holder text, paper_returned_at timestamptz, created_at timestamptz NOT NULL, version int NOT NULL DEFAULT 1,
  UNIQUE (id, org_id),
  CONSTRAINT work_orders_of_request FOREIGN KEY (request_id, org_id) REFERENCES requests (id, org_id),
  CONSTRAINT work_orders_of_customer FOREIGN KEY (customer_id, org_id) REFERENCES customers (id, org_id),
  CONSTRAINT work_orders_at_site FOREIGN KEY (site_id, org_id) REFERENCES sites (id, org_id),
  CONSTRAINT work_orders_of_asset FOREIGN KEY (asset_id, org_id) REFERENCES assets (id, org_id),
  CONSTRAINT work_orders_contact FOREIGN KEY (site_contact_id, org_id) REFERENCES contacts (id, org_id),
  CONSTRAINT work_orders_payer FOREIGN KEY (payer_customer_id, org_id) REFERENCES customers (id, org_id),
  CONSTRAINT work_orders_engineer FOREIGN KEY (engineer_id, engineer_org_id) REFERENCES engineers (id, org_id),
  CONSTRAINT work_orders_hold_reason CHECK ((state = 'on_hold') = (hold_reason IS NOT NULL)),
  CONSTRAINT work_orders_finished_when CHECK ((state IN ('completed', 'cannot_complete', 'closed')) = (finished_at IS NOT NULL)),
  CONSTRAINT work_orders_closed_when CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
  CONSTRAINT work_orders_cancelled_when CHECK ((state = 'cancelled') = (cancelled_at IS NOT NULL) AND (state = 'cancelled') = (cancel_reason IS NOT NULL)),
  CONSTRAINT work_orders_cannot_why CHECK (state <> 'cannot_complete' OR end_reason IS NOT NULL),
  CONSTRAINT work_orders_assigned_who CHECK (state NOT IN ('assigned', 'in_progress') OR engineer_id IS NOT NULL),
  CONSTRAINT work_orders_engineer_of_server CHECK ((engineer_id IS NULL) = (engineer_org_id IS NULL)),
  CONSTRAINT work_orders_paid_needs_yes CHECK (NOT chargeable OR origin = 'import' OR state NOT IN ('assigned', 'in_progress', 'completed')
    OR num_nonnulls(approved_minor, call_out_minor) > 0)
) WITH (fillfactor = 85);
CREATE UNIQUE INDEX work_orders_one_live_per_device ON work_orders (request_id, coalesce(asset_id, '00000000-0000-0000-0000-000000000000'))
  WHERE request_id IS NOT NULL AND state <> 'cancelled';
CREATE UNIQUE INDEX work_orders_imported_once ON work_orders (org_id, external_ref) WHERE origin = 'import';
CREATE INDEX work_orders_queue ON work_orders (serving_org_id, fix_due_at, id) WHERE state = 'ready';
CREATE INDEX work_orders_state ON work_orders (serving_org_id, state, id DESC);
CREATE INDEX work_orders_owner ON work_orders (org_id, id DESC);
CREATE INDEX work_orders_region ON work_orders (serving_org_id, region_code, state, id DESC);
CREATE INDEX work_orders_engineer_list ON work_orders (engineer_id, state, id DESC);
CREATE INDEX work_orders_customer ON work_orders (customer_id, id DESC);
CREATE INDEX work_orders_asset ON work_orders (asset_id, id DESC);
CREATE INDEX work_orders_hold_until ON work_orders (hold_until) WHERE state = 'on_hold' AND hold_until IS NOT NULL;
CREATE INDEX work_orders_finished ON work_orders (serving_org_id, finished_at);
CREATE TRIGGER work_orders_move BEFORE INSERT OR UPDATE ON work_orders FOR EACH ROW EXECUTE FUNCTION move_state('work_order');

ALTER TABLE visits ADD CONSTRAINT visits_of_order FOREIGN KEY (order_id, org_id) REFERENCES work_orders (id, org_id);
ALTER TABLE reservations ADD CONSTRAINT reservations_of_order FOREIGN KEY (order_id, org_id) REFERENCES work_orders (id, org_id);
ALTER TABLE shortages ADD CONSTRAINT shortages_of_order FOREIGN KEY (order_id, org_id) REFERENCES work_orders (id, org_id);
ALTER TABLE pickups ADD CONSTRAINT pickups_of_order FOREIGN KEY (order_id, org_id) REFERENCES work_orders (id, org_id);
ALTER TABLE moves ADD CONSTRAINT moves_of_order FOREIGN KEY (order_id) REFERENCES work_orders (id);
ALTER TABLE pieces ADD CONSTRAINT pieces_of_order FOREIGN KEY (fitted_order) REFERENCES work_orders (id);
ALTER TABLE links ADD CONSTRAINT links_order FOREIGN KEY (order_id) REFERENCES work_orders (id);

-- The parts an order needs. awaiting says that a person decided to go without them, or that they come later.
CREATE TABLE order_parts (
  id uuid PRIMARY KEY, org_id int NOT NULL, order_id uuid NOT NULL, no int NOT NULL, part_id uuid REFERENCES parts (id), text text NOT NULL DEFAULT '',
  quantity bigint NOT NULL CHECK (quantity > 0), awaiting boolean NOT NULL DEFAULT false,
  CONSTRAINT order_parts_of FOREIGN KEY (order_id, org_id) REFERENCES work_orders (id, org_id),
  CONSTRAINT order_parts_what CHECK (part_id IS NOT NULL OR text <> '')
);
CREATE INDEX order_parts_order ON order_parts (order_id);

-- Region and skill are checked against today's rows, unless somebody says why not.
CREATE FUNCTION visits_qualified() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  o record; missing text;
BEGIN
  IF NEW.override_reason IS NOT NULL OR NOT NEW.lead THEN RETURN NEW; END IF;
  IF TG_OP = 'UPDATE' AND NEW.engineer_id = OLD.engineer_id THEN RETURN NEW; END IF;
  SELECT w.region_code, w.skill_codes, w.mode INTO o FROM work_orders w WHERE w.id = NEW.order_id;
  IF o.mode <> 'phone' AND o.region_code IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM engineer_regions er JOIN regions r ON r.code = o.region_code
      WHERE er.engineer_id = NEW.engineer_id AND er.region_code = ANY (r.path)) THEN
    PERFORM refuse('visits_qualified_region', 'the engineer does not serve this region: choose another or give a reason');
  END IF;
  SELECT string_agg(s, ',') INTO missing FROM unnest(o.skill_codes) s
    WHERE NOT EXISTS (SELECT 1 FROM engineer_skills es WHERE es.engineer_id = NEW.engineer_id AND es.skill_code = s);
  IF missing IS NOT NULL THEN
    PERFORM refuse('visits_qualified_skill', 'the engineer lacks a skill this order needs: choose another or give a reason', missing);
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER visits_qualified BEFORE INSERT OR UPDATE ON visits FOR EACH ROW EXECUTE FUNCTION visits_qualified();

-- An assigned order holds its parts, or somebody said that it goes without.
CREATE FUNCTION work_orders_parts_held() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  short text;
BEGIN
  PERFORM 1 FROM work_orders w WHERE w.id = NEW.id AND w.state = 'assigned' AND w.mode <> 'phone';
  IF NOT FOUND THEN RETURN NULL; END IF;
  SELECT string_agg(DISTINCT p.sku, ',') INTO short
    FROM (SELECT part_id, sum(quantity) AS n FROM order_parts WHERE order_id = NEW.id AND part_id IS NOT NULL AND NOT awaiting GROUP BY 1) need
    JOIN parts p ON p.id = need.part_id
    WHERE need.n > (SELECT coalesce(sum(r.quantity), 0) FROM reservations r
                    WHERE r.order_id = NEW.id AND r.part_id = need.part_id AND r.state IN ('held', 'used'));
  IF short IS NOT NULL THEN
    PERFORM refuse('work_orders_parts_held', 'an assigned order holds its parts: reserve them or mark the order as going without', short);
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER work_orders_parts_held AFTER INSERT OR UPDATE OF state ON work_orders
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state = 'assigned') EXECUTE FUNCTION work_orders_parts_held();

-- Who decided free or charged for which line, on what ground.
CREATE TABLE coverage_decisions (
  id uuid PRIMARY KEY, org_id int NOT NULL, order_id uuid NOT NULL, line text NOT NULL CHECK (line IN ('all', 'labour', 'part', 'travel', 'inspection', 'material')),
  source text NOT NULL CHECK (source IN ('maker', 'extended', 'contract', 'repair', 'goodwill', 'none')),
  exclusion text CHECK (exclusion IN ('misuse', 'water', 'opened', 'no_proof', 'expired', 'consumable')), reason text NOT NULL, proof text,
  overrides boolean NOT NULL DEFAULT false, decided_by uuid, actor text NOT NULL, approver_id uuid, at timestamptz NOT NULL,
  CONSTRAINT coverage_decisions_of FOREIGN KEY (order_id, org_id) REFERENCES work_orders (id, org_id),
  CONSTRAINT coverage_goodwill_approved CHECK (source <> 'goodwill' OR approver_id IS NOT NULL)
);
CREATE INDEX coverage_decisions_order ON coverage_decisions (order_id, id);
CREATE TRIGGER coverage_decisions_append_only BEFORE UPDATE OR DELETE ON coverage_decisions FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TABLE quotes (
  id uuid PRIMARY KEY, org_id int NOT NULL, order_id uuid NOT NULL, number text NOT NULL CONSTRAINT quotes_number UNIQUE,
  purpose text NOT NULL DEFAULT 'repair' CHECK (purpose IN ('repair', 'call_out', 'variation')), state text NOT NULL DEFAULT 'draft',
  total_minor bigint NOT NULL CHECK (total_minor >= 0), limit_minor bigint CHECK (limit_minor >= 0), deduct_if_repaired boolean NOT NULL DEFAULT false,
  valid_until date NOT NULL, valid_to timestamptz NOT NULL, terms text NOT NULL DEFAULT '',
  sent_at timestamptz, approved_at timestamptz, approved_by text, approved_how text CHECK (approved_how IN ('link', 'phone', 'on_site', 'paper')), approval jsonb,
  declined_at timestamptz, decline_reason text, created_by uuid, created_at timestamptz NOT NULL, version int NOT NULL DEFAULT 1,
  UNIQUE (id, org_id),
  CONSTRAINT quotes_of_order FOREIGN KEY (order_id, org_id) REFERENCES work_orders (id, org_id),
  CONSTRAINT quotes_approved_how CHECK ((state = 'approved') <= (approved_at IS NOT NULL AND approved_by IS NOT NULL AND approved_how IS NOT NULL)),
  CONSTRAINT quotes_approved_in_time CHECK (approved_at IS NULL OR approved_at < valid_to),
  CONSTRAINT quotes_declined_when CHECK ((state = 'declined') <= (declined_at IS NOT NULL))
);
CREATE UNIQUE INDEX quotes_one_live ON quotes (order_id, purpose) WHERE state IN ('draft', 'sent', 'approved') AND purpose <> 'variation';
CREATE INDEX quotes_order ON quotes (order_id, id);
CREATE INDEX quotes_open ON quotes (valid_to) WHERE state IN ('draft', 'sent');
CREATE TRIGGER quotes_move BEFORE INSERT OR UPDATE ON quotes FOR EACH ROW EXECUTE FUNCTION move_state('quote');
CREATE TABLE quote_lines (
  quote_id uuid NOT NULL REFERENCES quotes (id), no int NOT NULL, kind text NOT NULL CHECK (kind IN ('labour', 'part', 'travel', 'inspection', 'material', 'other')),
  description text NOT NULL, part_id uuid REFERENCES parts (id), sku text, quantity bigint NOT NULL CHECK (quantity > 0),
  unit_minor bigint NOT NULL CHECK (unit_minor >= 0), amount_minor bigint NOT NULL,
  PRIMARY KEY (quote_id, no), CONSTRAINT quote_lines_amount CHECK (amount_minor = quantity * unit_minor)
);
ALTER TABLE links ADD CONSTRAINT links_quote FOREIGN KEY (quote_id) REFERENCES quotes (id);

CREATE FUNCTION quotes_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  q record;
BEGIN
  IF TG_TABLE_NAME = 'quotes' THEN
    IF OLD.state IN ('approved', 'declined', 'superseded') AND
       (NEW.total_minor, NEW.limit_minor, NEW.valid_until, NEW.purpose, NEW.approved_at, NEW.approved_by, NEW.approval, NEW.deduct_if_repaired)
       IS DISTINCT FROM (OLD.total_minor, OLD.limit_minor, OLD.valid_until, OLD.purpose, OLD.approved_at, OLD.approved_by, OLD.approval, OLD.deduct_if_repaired) THEN
      PERFORM refuse('quotes_frozen', 'an answered quote never changes: make a new one');
    END IF;
    RETURN NEW;
  END IF;
  SELECT state INTO q FROM quotes WHERE id = coalesce(NEW.quote_id, OLD.quote_id);
  IF q.state <> 'draft' THEN PERFORM refuse('quotes_frozen', 'a sent quote never changes: make a new one'); END IF;
  RETURN coalesce(NEW, OLD);
END $$;
CREATE TRIGGER quotes_frozen BEFORE UPDATE ON quotes FOR EACH ROW EXECUTE FUNCTION quotes_frozen();
CREATE TRIGGER quote_lines_frozen BEFORE INSERT OR UPDATE OR DELETE ON quote_lines FOR EACH ROW EXECUTE FUNCTION quotes_frozen();

CREATE FUNCTION quotes_total_is_sum() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  q record; lines bigint;
BEGIN
  SELECT id, total_minor INTO q FROM quotes WHERE id = (CASE WHEN TG_TABLE_NAME = 'quotes' THEN (to_jsonb(NEW) ->> 'id') ELSE coalesce(to_jsonb(NEW), to_jsonb(OLD)) ->> 'quote_id' END)::uuid;
  IF NOT FOUND THEN RETURN NULL; END IF;
  SELECT coalesce(sum(amount_minor), 0) INTO lines FROM quote_lines WHERE quote_id = q.id;
  IF lines <> q.total_minor THEN PERFORM refuse('quotes_total_is_sum', 'the total of a quote is the sum of its lines'); END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER quotes_total_is_sum AFTER INSERT OR UPDATE OF total_minor ON quotes DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION quotes_total_is_sum();
CREATE CONSTRAINT TRIGGER quote_lines_total_is_sum AFTER INSERT OR UPDATE OR DELETE ON quote_lines DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION quotes_total_is_sum();

-- The repair sheet: a signed fact. A correction is a new version that replaces the old one.
CREATE TABLE sheets (
  id uuid PRIMARY KEY, org_id int NOT NULL, order_id uuid NOT NULL, visit_id uuid NOT NULL, number text NOT NULL CONSTRAINT sheets_number UNIQUE,
  edition int NOT NULL DEFAULT 1, engineer_id uuid NOT NULL REFERENCES engineers (id),
  outcome text NOT NULL CHECK (outcome IN ('done', 'partial', 'no_access', 'need_parts', 'need_approval', 'taken_to_depot', 'no_fault_found', 'declined', 'cannot_complete')),
  fault_code text, cause_code text, action_code text, notes text NOT NULL DEFAULT '', work_minutes int CHECK (work_minutes >= 0), travel_minutes int CHECK (travel_minutes >= 0),
  minutes_left int, arrived_at timestamptz, finished_at timestamptz NOT NULL, signature jsonb, no_signature_reason text, signer_name text, signer_relation text,
  checklist jsonb NOT NULL DEFAULT '[]', readings jsonb NOT NULL DEFAULT '{}', acceptance jsonb, installed jsonb, incident jsonb, photos jsonb NOT NULL DEFAULT '[]',
  repair_warranty_until date, over_approved_minor bigint NOT NULL DEFAULT 0,
  entered_by uuid, verified_by uuid, verified_at timestamptz, submitted_by uuid, submitted_at timestamptz NOT NULL,
  replaces_id uuid REFERENCES sheets (id), replaced_at timestamptz, correction_reason text, version int NOT NULL DEFAULT 1,
  UNIQUE (id, org_id),
  CONSTRAINT sheets_of_order FOREIGN KEY (order_id, org_id) REFERENCES work_orders (id, org_id),
  CONSTRAINT sheets_of_visit FOREIGN KEY (visit_id, order_id) REFERENCES visits (id, order_id),
  CONSTRAINT sheets_signed CHECK (num_nonnulls(signature, no_signature_reason) <= 1 AND (outcome NOT IN ('done', 'declined') OR num_nonnulls(signature, no_signature_reason) = 1)),
  CONSTRAINT sheets_correction_why CHECK ((replaces_id IS NULL) = (correction_reason IS NULL)),
  CONSTRAINT sheets_second_pair_of_eyes CHECK (verified_by IS NULL OR entered_by IS NULL OR verified_by <> entered_by)
);
CREATE UNIQUE INDEX sheets_one_per_visit ON sheets (visit_id) WHERE replaced_at IS NULL;
CREATE INDEX sheets_order ON sheets (order_id, id);
CREATE INDEX sheets_engineer ON sheets (engineer_id, finished_at);
CREATE FUNCTION sheets_signed_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN PERFORM refuse('sheets_signed_stays', 'a sheet is a fact: correct it with a new version'); END IF;
  NEW.version := OLD.version + 1;
  IF (to_jsonb(NEW) - 'replaced_at' - 'verified_by' - 'verified_at' - 'version' - 'over_approved_minor') <> (to_jsonb(OLD) - 'replaced_at' - 'verified_by' - 'verified_at' - 'version' - 'over_approved_minor')
     OR OLD.replaced_at IS NOT NULL THEN
    PERFORM refuse('sheets_signed_stays', 'a sheet is a fact: correct it with a new version');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER sheets_signed_stays BEFORE UPDATE OR DELETE ON sheets FOR EACH ROW EXECUTE FUNCTION sheets_signed_stays();

-- A chargeable order is repaired only after a yes to the repair.
CREATE FUNCTION sheets_repair_approved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.outcome IN ('done', 'partial') AND EXISTS (
      SELECT 1 FROM work_orders w WHERE w.id = NEW.order_id AND w.chargeable AND w.approved_minor IS NULL AND w.origin <> 'import') THEN
    PERFORM refuse('sheets_repair_approved', 'only the call-out is approved: quote the repair and have it approved first');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER sheets_repair_approved BEFORE INSERT ON sheets FOR EACH ROW EXECUTE FUNCTION sheets_repair_approved();

CREATE TABLE sheet_parts (
  id uuid PRIMARY KEY, org_id int NOT NULL, sheet_id uuid NOT NULL, no int NOT NULL, part_id uuid REFERENCES parts (id), sku text NOT NULL DEFAULT '', name text NOT NULL,
  quantity bigint NOT NULL CHECK (quantity > 0), serial_number text, old_serial_number text, from_place uuid REFERENCES places (id),
  source text NOT NULL DEFAULT 'stock' CHECK (source IN ('stock', 'customer_supplied', 'bought')), covered boolean NOT NULL DEFAULT false,
  booking text NOT NULL DEFAULT 'booked' CHECK (booking IN ('booked', 'unreconciled', 'reconciled', 'outside')), move_id uuid REFERENCES moves (id),
  reconciled_by uuid, reconciled_at timestamptz, reconciled_how text,
  CONSTRAINT sheet_parts_of FOREIGN KEY (sheet_id, org_id) REFERENCES sheets (id, org_id),
  CONSTRAINT sheet_parts_line UNIQUE (sheet_id, no),
  CONSTRAINT sheet_parts_outside CHECK ((source = 'stock') OR booking = 'outside'),
  CONSTRAINT sheet_parts_booked_by_move CHECK (booking <> 'booked' OR move_id IS NOT NULL)
);
CREATE INDEX sheet_parts_sheet ON sheet_parts (sheet_id);
CREATE INDEX sheet_parts_unreconciled ON sheet_parts (org_id, id) WHERE booking = 'unreconciled';
ALTER TABLE moves ADD CONSTRAINT moves_of_sheet FOREIGN KEY (sheet_id) REFERENCES sheets (id);

-- A swapped part is owed back until it came, was scrapped, or the customer kept it.
CREATE TABLE old_parts (
  id uuid PRIMARY KEY, org_id int NOT NULL, order_id uuid NOT NULL, sheet_part_id uuid NOT NULL REFERENCES sheet_parts (id), engineer_id uuid NOT NULL REFERENCES engineers (id),
  part_id uuid NOT NULL REFERENCES parts (id), quantity bigint NOT NULL, serial_number text, due_on date NOT NULL,
  state text NOT NULL DEFAULT 'old_due', received_at timestamptz, version int NOT NULL DEFAULT 1,
  CONSTRAINT old_parts_of FOREIGN KEY (order_id, org_id) REFERENCES work_orders (id, org_id)
);
CREATE INDEX old_parts_due ON old_parts (engineer_id, due_on) WHERE state = 'old_due';
CREATE INDEX old_parts_order ON old_parts (order_id);
CREATE TRIGGER old_parts_move BEFORE INSERT OR UPDATE ON old_parts FOR EACH ROW EXECUTE FUNCTION move_state('old_part');

-- What happened to a request or an order, as people read it.
CREATE TABLE timeline (
  id uuid PRIMARY KEY, org_id int NOT NULL REFERENCES organisations (id), order_id uuid REFERENCES work_orders (id), request_id uuid REFERENCES requests (id), complaint_id uuid,
  at timestamptz NOT NULL, actor_id uuid, actor text NOT NULL, on_behalf_of uuid, action text NOT NULL, from_state text, to_state text, reason text NOT NULL DEFAULT '', data jsonb NOT NULL DEFAULT '{}',
  CONSTRAINT timeline_of_something CHECK (num_nonnulls(order_id, request_id, complaint_id) > 0)
);
CREATE INDEX timeline_order ON timeline (order_id, id) WHERE order_id IS NOT NULL;
CREATE INDEX timeline_request ON timeline (request_id, id) WHERE request_id IS NOT NULL;
CREATE INDEX timeline_complaint ON timeline (complaint_id, id) WHERE complaint_id IS NOT NULL;
CREATE TRIGGER timeline_append_only BEFORE UPDATE OR DELETE ON timeline FOR EACH ROW EXECUTE FUNCTION append_only();

-- Every word exchanged with the customer about a request or an order.
CREATE TABLE conversations (
  id uuid PRIMARY KEY, org_id int NOT NULL REFERENCES organisations (id), request_id uuid REFERENCES requests (id), order_id uuid REFERENCES work_orders (id), contact_id uuid,
  direction text NOT NULL CHECK (direction IN ('in', 'out')), channel text NOT NULL, kind text NOT NULL CHECK (kind IN ('chase', 'progress', 'appointment', 'delay_notice', 'other')),
  outcome text, text text NOT NULL DEFAULT '', promised_at timestamptz, at timestamptz NOT NULL, user_id uuid, actor text NOT NULL,
  CONSTRAINT conversations_about CHECK (num_nonnulls(request_id, order_id) > 0)
);
CREATE INDEX conversations_order ON conversations (order_id, id) WHERE order_id IS NOT NULL;
CREATE INDEX conversations_request ON conversations (request_id, id) WHERE request_id IS NOT NULL;
CREATE TRIGGER conversations_append_only BEFORE UPDATE OR DELETE ON conversations FOR EACH ROW EXECUTE FUNCTION append_only();

-- An order offered to another organisation. The giver keeps watching.
CREATE TABLE hand_overs (
  id uuid PRIMARY KEY, org_id int NOT NULL, order_id uuid NOT NULL, from_org_id int NOT NULL REFERENCES organisations (id), to_org_id int NOT NULL REFERENCES organisations (id),
  reason text NOT NULL, answer_by timestamptz NOT NULL, state text NOT NULL DEFAULT 'offered', offered_by uuid, offered_at timestamptz NOT NULL,
  answered_by uuid, answered_at timestamptz, answer text, version int NOT NULL DEFAULT 1,
  CONSTRAINT hand_overs_of FOREIGN KEY (order_id, org_id) REFERENCES work_orders (id, org_id),
  CONSTRAINT hand_overs_elsewhere CHECK (from_org_id <> to_org_id)
);
CREATE UNIQUE INDEX hand_overs_one_open ON hand_overs (order_id) WHERE state = 'offered';
CREATE INDEX hand_overs_due ON hand_overs (answer_by) WHERE state = 'offered';
CREATE TRIGGER hand_overs_move BEFORE INSERT OR UPDATE ON hand_overs FOR EACH ROW EXECUTE FUNCTION move_state('hand_over');
CREATE TABLE watchers (order_id uuid NOT NULL REFERENCES work_orders (id), org_id int NOT NULL REFERENCES organisations (id), since timestamptz NOT NULL, why text NOT NULL, PRIMARY KEY (order_id, org_id));

-- A device taken away: consent, accessories, condition, and an unbroken chain of who holds it.
CREATE TABLE custody (
  id uuid PRIMARY KEY, org_id int NOT NULL REFERENCES organisations (id), number text NOT NULL CONSTRAINT custody_number UNIQUE, order_id uuid NOT NULL, visit_id uuid REFERENCES visits (id), asset_id uuid,
  device text NOT NULL, serial_number text, accessories text[] NOT NULL DEFAULT '{}', condition text NOT NULL, faults_seen text NOT NULL DEFAULT '', data_consent boolean NOT NULL DEFAULT false,
  value_minor bigint, photos jsonb NOT NULL DEFAULT '[]', expected_return_on date NOT NULL, signature jsonb, no_signature_reason text, consent_text text NOT NULL DEFAULT '', loaner jsonb, loaner_back_at timestamptz,
  state text NOT NULL DEFAULT 'taken', holder text NOT NULL CHECK (holder IN ('engineer', 'depot', 'vendor', 'customer', 'scrapped')),
  opened_at timestamptz NOT NULL, closed_at timestamptz, version int NOT NULL DEFAULT 1,
  UNIQUE (id, org_id),
  CONSTRAINT custody_of_order FOREIGN KEY (order_id, org_id) REFERENCES work_orders (id, org_id),
  CONSTRAINT custody_consent CHECK (num_nonnulls(signature, no_signature_reason) = 1),
  CONSTRAINT custody_closed_when CHECK ((state IN ('returned', 'scrapped')) = (closed_at IS NOT NULL)),
  CONSTRAINT custody_holder_of_state CHECK ((state = 'returned') = (holder = 'customer') AND (state = 'scrapped') = (holder = 'scrapped'))
);
CREATE UNIQUE INDEX custody_one_open ON custody (order_id) WHERE closed_at IS NULL;
CREATE UNIQUE INDEX custody_one_open_device ON custody (asset_id) WHERE closed_at IS NULL AND asset_id IS NOT NULL;
CREATE INDEX custody_out ON custody (org_id, opened_at) WHERE closed_at IS NULL;
CREATE TRIGGER custody_move BEFORE INSERT OR UPDATE ON custody FOR EACH ROW EXECUTE FUNCTION move_state('custody');
CREATE TABLE custody_moves (
  custody_id uuid NOT NULL REFERENCES custody (id), no int NOT NULL, org_id int NOT NULL, at timestamptz NOT NULL, from_holder text NOT NULL, to_holder text NOT NULL,
  by_name text NOT NULL, user_id uuid, signature jsonb, voucher_seen boolean, note text NOT NULL DEFAULT '',
  PRIMARY KEY (custody_id, no)
);
CREATE TRIGGER custody_moves_append_only BEFORE UPDATE OR DELETE ON custody_moves FOR EACH ROW EXECUTE FUNCTION append_only();
-- The chain is unbroken: each move starts where the one before ended, and the record shows the last holder.
CREATE FUNCTION custody_chain() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  last record;
BEGIN
  SELECT no, to_holder INTO last FROM custody_moves WHERE custody_id = NEW.custody_id ORDER BY no DESC LIMIT 1;
  IF NEW.no <> coalesce(last.no, 0) + 1 OR NEW.from_holder <> coalesce(last.to_holder, 'customer') THEN
    PERFORM refuse('custody_chain_unbroken', 'the device is held by ' || coalesce(last.to_holder, 'customer'));
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER custody_chain BEFORE INSERT ON custody_moves FOR EACH ROW EXECUTE FUNCTION custody_chain();
CREATE FUNCTION custody_holder_is_last() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT holder FROM custody WHERE id = NEW.id) IS DISTINCT FROM (SELECT to_holder FROM custody_moves WHERE custody_id = NEW.id ORDER BY no DESC LIMIT 1) THEN
    PERFORM refuse('custody_chain_unbroken', 'every change of holder is a move of its own');
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER custody_holder_is_last AFTER INSERT OR UPDATE OF holder ON custody DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION custody_holder_is_last();
-- Nothing is finished while its device is with us.
CREATE FUNCTION work_orders_device_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM custody c WHERE c.order_id = NEW.id AND c.closed_at IS NULL) THEN
    PERFORM refuse('work_orders_device_back', 'the customer''s device is still with us: return it first');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER work_orders_device_back BEFORE UPDATE OF state ON work_orders FOR EACH ROW
  WHEN (NEW.state IN ('closed', 'cancelled') AND NEW.state <> OLD.state) EXECUTE FUNCTION work_orders_device_back();
