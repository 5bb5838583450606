-- Plans of a day: what the planner proposes, until somebody publishes it. A plan binds nobody.
CREATE TABLE plans (
  id uuid PRIMARY KEY, org_id int NOT NULL REFERENCES organisations (id), state text NOT NULL,
  day date NOT NULL, region_codes text[] NOT NULL DEFAULT '{}',
  cause text NOT NULL DEFAULT 'asked' CHECK (cause IN ('asked', 'nightly', 'absence', 'overrun', 'emergency', 'part_arrived', 'again')),
  -- What a repair is about: the orders it has to place. Empty: every ready order of the regions.
  order_ids uuid[] NOT NULL DEFAULT '{}',
  engineer_id uuid REFERENCES engineers (id),
  seconds int NOT NULL DEFAULT 0 CHECK (seconds BETWEEN 0 AND 3600), seed bigint NOT NULL DEFAULT 1,
  warm_from uuid REFERENCES plans (id),
  requested_by uuid REFERENCES users (id), created_at timestamptz NOT NULL,
  ready_at timestamptz, published_at timestamptz, published_by uuid REFERENCES users (id),
  ended_at timestamptz, ended_by uuid REFERENCES users (id), ended_reason text,
  version int NOT NULL DEFAULT 1,
  UNIQUE (id, org_id),
  CONSTRAINT plans_ready_when CHECK (state NOT IN ('ready', 'published', 'stale') OR ready_at IS NOT NULL),
  CONSTRAINT plans_published_when CHECK ((state = 'published') = (published_at IS NOT NULL)),
  CONSTRAINT plans_ended_reason CHECK ((state IN ('rejected', 'stale', 'failed')) = (ended_at IS NOT NULL) AND (state IN ('rejected', 'stale', 'failed')) = (ended_reason IS NOT NULL))
);
CREATE INDEX plans_list ON plans (org_id, id DESC);
CREATE INDEX plans_open ON plans (day) WHERE state IN ('running', 'ready');
CREATE TRIGGER plans_move BEFORE INSERT OR UPDATE ON plans FOR EACH ROW EXECUTE FUNCTION move_state('plan');
SELECT audit_attach('plans');

-- What the planner said, large and written by the program alone, so without an account of every change.
CREATE TABLE plan_results (
  plan_id uuid PRIMARY KEY REFERENCES plans (id), fraction real NOT NULL DEFAULT 0, unserved int,
  score bigint[] NOT NULL DEFAULT '{}', iterations int NOT NULL DEFAULT 0,
  engineers jsonb NOT NULL DEFAULT '[]', stops jsonb NOT NULL DEFAULT '[]', unplanned jsonb NOT NULL DEFAULT '[]', notes jsonb NOT NULL DEFAULT '[]',
  changes jsonb NOT NULL DEFAULT '[]'
);

-- The visits of a plan. bound_visit_id is a visit that existed before and is moved; visit_id is what shows
-- the proposal, and after publishing the visit that was booked or moved.
CREATE TABLE plan_visits (
  plan_id uuid NOT NULL REFERENCES plans (id), no int NOT NULL, order_id uuid NOT NULL REFERENCES work_orders (id), engineer_id uuid NOT NULL REFERENCES engineers (id),
  planned tstzrange NOT NULL, leaves_at timestamptz NOT NULL, travel_minutes int NOT NULL DEFAULT 0,
  bound_visit_id uuid REFERENCES visits (id), was_engineer_id uuid REFERENCES engineers (id), was_planned tstzrange,
  window_dropped boolean NOT NULL DEFAULT false,
  parts jsonb NOT NULL DEFAULT '[]', account jsonb NOT NULL DEFAULT '{}', visit_id uuid,
  PRIMARY KEY (plan_id, no),
  CONSTRAINT plan_visits_once UNIQUE (plan_id, order_id),
  CONSTRAINT plan_visits_bounded CHECK (NOT isempty(planned) AND lower(planned) IS NOT NULL AND upper(planned) IS NOT NULL AND leaves_at <= lower(planned)),
  CONSTRAINT plan_visits_moved CHECK (bound_visit_id IS NULL OR (was_engineer_id IS NOT NULL AND was_planned IS NOT NULL))
);
CREATE INDEX plan_visits_order ON plan_visits (order_id);
CREATE INDEX plan_visits_visit ON plan_visits (visit_id);

-- A published plan booked every one of its visits: all or nothing. Looked at when the transaction ends.
CREATE FUNCTION plans_published() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM plans p JOIN plan_visits v ON v.plan_id = p.id
              WHERE p.id = NEW.id AND p.state = 'published'
                AND NOT EXISTS (SELECT FROM visits x WHERE x.id = v.visit_id AND x.order_id = v.order_id AND x.state <> 'proposed')) THEN
    PERFORM refuse('plans_all_or_nothing', 'a published plan books every one of its visits');
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER plans_all_or_nothing AFTER INSERT OR UPDATE OF state ON plans
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state = 'published') EXECUTE FUNCTION plans_published();

-- When an organisation's next working day is planned by itself.
CREATE TABLE plan_settings (
  org_id int PRIMARY KEY REFERENCES organisations (id), plan_at time NOT NULL, region_codes text[] NOT NULL DEFAULT '{}', seconds int NOT NULL DEFAULT 60 CHECK (seconds BETWEEN 1 AND 3600),
  done_for date, changed_at timestamptz NOT NULL
);
SELECT audit_attach('plan_settings');
