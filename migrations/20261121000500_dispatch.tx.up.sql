-- People's time: engineers, what they may do, when they work, where they are booked.
CREATE TABLE skills (code text PRIMARY KEY, name text NOT NULL, retired_at timestamptz);

CREATE TABLE engineers (
  id uuid PRIMARY KEY, org_id int NOT NULL REFERENCES organisations (id), staff_number text, name text NOT NULL, phone text,
  home_lat double precision, home_lng double precision, active boolean NOT NULL DEFAULT true, max_visits int NOT NULL DEFAULT 12 CHECK (max_visits > 0),
  created_at timestamptz NOT NULL, version int NOT NULL DEFAULT 1,
  UNIQUE (id, org_id),
  CONSTRAINT engineers_staff_number UNIQUE (org_id, staff_number),
  CONSTRAINT engineers_home CHECK ((home_lat IS NULL) = (home_lng IS NULL)
    AND (home_lat IS NULL OR home_lat BETWEEN -90 AND 90 AND home_lng BETWEEN -180 AND 180))
);
CREATE INDEX engineers_list ON engineers (org_id, id);
CREATE TABLE engineer_regions (
  engineer_id uuid NOT NULL REFERENCES engineers (id), region_code text NOT NULL REFERENCES regions (code), helps_out boolean NOT NULL DEFAULT false,
  PRIMARY KEY (engineer_id, region_code)
);
CREATE TABLE engineer_skills (
  engineer_id uuid NOT NULL REFERENCES engineers (id), skill_code text NOT NULL REFERENCES skills (code), level int NOT NULL DEFAULT 3 CHECK (level BETWEEN 1 AND 5),
  PRIMARY KEY (engineer_id, skill_code)
);
ALTER TABLE places ADD CONSTRAINT places_engineer FOREIGN KEY (engineer_id) REFERENCES engineers (id);
ALTER TABLE pickups ADD CONSTRAINT pickups_engineer FOREIGN KEY (engineer_id) REFERENCES engineers (id);
ALTER TABLE users ADD CONSTRAINT users_engineer FOREIGN KEY (engineer_id) REFERENCES engineers (id);

CREATE TABLE shifts (
  id uuid PRIMARY KEY, org_id int NOT NULL, engineer_id uuid NOT NULL, during tstzrange NOT NULL,
  CONSTRAINT shifts_of_engineer FOREIGN KEY (engineer_id, org_id) REFERENCES engineers (id, org_id),
  CONSTRAINT shifts_as_seen UNIQUE (id, engineer_id, during),
  CONSTRAINT shifts_no_overlap EXCLUDE USING gist (engineer_id WITH =, during WITH &&),
  CONSTRAINT shifts_bounded CHECK (NOT isempty(during) AND lower_inc(during) AND NOT upper_inc(during)
    AND lower(during) IS NOT NULL AND upper(during) IS NOT NULL AND upper(during) - lower(during) <= interval '24 hours')
);

-- The shifts of everybody in a stretch of time; none is longer than a day.
CREATE INDEX shifts_day ON shifts (lower(during), engineer_id);

CREATE TABLE absences (
  id uuid PRIMARY KEY, org_id int NOT NULL, engineer_id uuid NOT NULL, during tstzrange NOT NULL,
  kind text NOT NULL DEFAULT 'leave' CHECK (kind IN ('sick', 'leave', 'training', 'other')), reason text NOT NULL DEFAULT '',
  on_conflict text NOT NULL DEFAULT 'refuse' CHECK (on_conflict IN ('refuse', 'displace')),
  state text NOT NULL DEFAULT 'requested', requested_by uuid, requested_at timestamptz NOT NULL, decided_by uuid, decided_at timestamptz,
  answer text NOT NULL DEFAULT '', version int NOT NULL DEFAULT 1,
  CONSTRAINT absences_of_engineer FOREIGN KEY (engineer_id, org_id) REFERENCES engineers (id, org_id),
  CONSTRAINT absences_bounded CHECK (NOT isempty(during) AND lower(during) IS NOT NULL AND upper(during) IS NOT NULL),
  CONSTRAINT absences_decided CHECK ((state IN ('approved', 'rejected')) <= (decided_at IS NOT NULL))
);
CREATE INDEX absences_engineer ON absences USING gist (engineer_id, during);
CREATE INDEX absences_list ON absences (org_id, id DESC);
CREATE TRIGGER absences_move BEFORE INSERT OR UPDATE ON absences FOR EACH ROW EXECUTE FUNCTION move_state('absence');

-- A visit. planned and blocked are the plan; departed, arrived, started, finished are facts and never touch it.
CREATE TABLE visits (
  id uuid PRIMARY KEY, org_id int NOT NULL, order_id uuid NOT NULL, engineer_id uuid NOT NULL, engineer_org_id int NOT NULL,
  lead boolean NOT NULL DEFAULT true, lead_visit_id uuid REFERENCES visits (id), trip_id uuid,
  mode text NOT NULL DEFAULT 'on_site' CHECK (mode IN ('phone', 'on_site', 'depot')),
  purpose text NOT NULL DEFAULT 'repair' CHECK (purpose IN ('diagnose', 'repair', 'fetch', 'return', 'install', 'follow_up')),
  state text NOT NULL, planned tstzrange NOT NULL, blocked tstzrange NOT NULL, shift_id uuid, shift_during tstzrange,
  override_reason text, reasons jsonb NOT NULL DEFAULT '[]', travel_minutes int NOT NULL DEFAULT 0,
  announced_window tstzrange, announced_at timestamptz, confirmed_at timestamptz, confirmed_with text, confirmed_by text,
  accept_by timestamptz, accepted_at timestamptz, departed_at timestamptz, arrived_at timestamptz, started_at timestamptz, finished_at timestamptz,
  inferred boolean NOT NULL DEFAULT false, late boolean NOT NULL DEFAULT false,
  outcome text CHECK (outcome IN ('done', 'partial', 'no_access', 'need_parts', 'need_approval', 'taken_to_depot', 'no_fault_found', 'declined', 'cannot_complete')),
  ended_at timestamptz, ended_reason text, ended_cause text CHECK (ended_cause IN ('customer', 'us', 'parts', 'weather', 'displaced')),
  created_at timestamptz NOT NULL, version int NOT NULL DEFAULT 1,
  UNIQUE (id, org_id), UNIQUE (id, order_id),
  CONSTRAINT visits_of_engineer FOREIGN KEY (engineer_id, engineer_org_id) REFERENCES engineers (id, org_id),
  CONSTRAINT visits_shift_as_seen FOREIGN KEY (shift_id, engineer_id, shift_during) REFERENCES shifts (id, engineer_id, during),
  CONSTRAINT visits_inside_shift CHECK (override_reason IS NOT NULL OR (shift_id IS NOT NULL AND shift_during IS NOT NULL AND planned <@ shift_during)),
  CONSTRAINT visits_travel_inside CHECK (NOT isempty(planned) AND lower(planned) IS NOT NULL AND upper(planned) IS NOT NULL AND planned <@ blocked),
  CONSTRAINT visits_finished_with_outcome CHECK ((state = 'finished') = (outcome IS NOT NULL) AND (state = 'finished') = (finished_at IS NOT NULL)),
  CONSTRAINT visits_ended_reason CHECK ((state IN ('cancelled', 'declined')) = (ended_reason IS NOT NULL) AND (state IN ('cancelled', 'declined')) = (ended_at IS NOT NULL)),
  CONSTRAINT visits_arrived CHECK (state NOT IN ('on_site', 'paused') OR mode = 'phone' OR arrived_at IS NOT NULL),
  CONSTRAINT visits_departed CHECK (state <> 'en_route' OR departed_at IS NOT NULL)
) WITH (fillfactor = 85);
CREATE UNIQUE INDEX visits_one_open_per_order ON visits (order_id)
  WHERE lead AND state IN ('proposed', 'dispatched', 'accepted', 'en_route', 'on_site', 'paused');
CREATE UNIQUE INDEX visits_one_per_engineer ON visits (order_id, engineer_id)
  WHERE state IN ('dispatched', 'accepted', 'en_route', 'on_site', 'paused');
CREATE INDEX visits_engineer_day ON visits (engineer_id, lower(planned)) INCLUDE (state);
CREATE INDEX visits_day ON visits (lower(planned), id);
CREATE INDEX visits_helpers ON visits (lead_visit_id) WHERE lead_visit_id IS NOT NULL;
CREATE INDEX visits_order ON visits (order_id, id);
CREATE INDEX visits_unanswered ON visits (accept_by) WHERE state = 'dispatched';
CREATE TRIGGER visits_move BEFORE INSERT OR UPDATE ON visits FOR EACH ROW EXECUTE FUNCTION move_state('visit');
ALTER TABLE pickups ADD CONSTRAINT pickups_visit_of FOREIGN KEY (visit_id) REFERENCES visits (id);
ALTER TABLE reservations ADD CONSTRAINT reservations_visit_of FOREIGN KEY (visit_id) REFERENCES visits (id);

CREATE TABLE visit_reschedules (
  id uuid PRIMARY KEY, org_id int NOT NULL, visit_id uuid NOT NULL, at timestamptz NOT NULL, cause text NOT NULL CHECK (cause IN ('customer', 'us', 'parts', 'weather')),
  reason text NOT NULL, from_planned tstzrange NOT NULL, to_planned tstzrange NOT NULL, from_engineer uuid NOT NULL, to_engineer uuid NOT NULL,
  from_window tstzrange, by_user uuid, actor text NOT NULL,
  CONSTRAINT visit_reschedules_of FOREIGN KEY (visit_id, org_id) REFERENCES visits (id, org_id)
);
CREATE INDEX visit_reschedules_visit ON visit_reschedules (visit_id, id);

-- Who is busy when: one table, one exclusion. Visits write their rows through a trigger.
CREATE TABLE diary (
  id uuid PRIMARY KEY, org_id int NOT NULL, engineer_id uuid NOT NULL, during tstzrange NOT NULL,
  kind text NOT NULL CHECK (kind IN ('visit', 'leave', 'gap', 'hold', 'training')), visit_id uuid REFERENCES visits (id), absence_id uuid REFERENCES absences (id),
  reason text NOT NULL DEFAULT '', hold_until timestamptz,
  CONSTRAINT diary_of_engineer FOREIGN KEY (engineer_id, org_id) REFERENCES engineers (id, org_id),
  CONSTRAINT diary_one_per_visit UNIQUE (visit_id),
  CONSTRAINT diary_visit_kind CHECK ((kind = 'visit') = (visit_id IS NOT NULL)),
  CONSTRAINT diary_leave_kind CHECK ((kind IN ('leave', 'training')) = (absence_id IS NOT NULL)),
  CONSTRAINT diary_bounded CHECK (NOT isempty(during) AND lower(during) IS NOT NULL AND upper(during) IS NOT NULL),
  CONSTRAINT diary_no_overlap EXCLUDE USING gist (engineer_id WITH =, during WITH &&) DEFERRABLE INITIALLY IMMEDIATE
);
CREATE INDEX diary_absence ON diary (absence_id) WHERE absence_id IS NOT NULL;
CREATE INDEX diary_away ON diary USING gist (during) WHERE kind <> 'visit';
CREATE INDEX diary_holds ON diary (hold_until) WHERE kind = 'hold';

-- visits_to_diary takes the engineer's row first: without it concurrent bookings deadlock instead of being refused.
CREATE FUNCTION visits_to_diary() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  binding boolean := NEW.state IN ('dispatched', 'accepted', 'en_route', 'on_site', 'paused');
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.engineer_id = OLD.engineer_id AND NEW.blocked = OLD.blocked
     AND binding = (OLD.state IN ('dispatched', 'accepted', 'en_route', 'on_site', 'paused')) THEN
    RETURN NEW;
  END IF;
  PERFORM 1 FROM engineers WHERE id = NEW.engineer_id FOR NO KEY UPDATE;
  IF NOT binding THEN
    DELETE FROM diary WHERE visit_id = NEW.id;
  ELSE
    INSERT INTO diary (id, org_id, engineer_id, during, kind, visit_id)
      VALUES (NEW.id, NEW.engineer_org_id, NEW.engineer_id, NEW.blocked, 'visit', NEW.id)
      ON CONFLICT (id) DO UPDATE SET org_id = NEW.engineer_org_id, engineer_id = NEW.engineer_id, during = NEW.blocked;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER visits_diary AFTER INSERT OR UPDATE ON visits FOR EACH ROW EXECUTE FUNCTION visits_to_diary();

-- Rows of visits in the diary belong to the trigger: the serving role may write the other kinds only.
CREATE FUNCTION diary_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF pg_trigger_depth() = 1 AND coalesce(NEW.kind, OLD.kind) = 'visit' THEN
    PERFORM refuse('diary_written_by_visits', 'change the visit, the diary follows');
  END IF;
  RETURN coalesce(NEW, OLD);
END $$;
CREATE TRIGGER diary_guarded BEFORE INSERT OR UPDATE OR DELETE ON diary FOR EACH ROW EXECUTE FUNCTION diary_guard();

CREATE TRIGGER engineers_touch BEFORE INSERT OR UPDATE ON engineers FOR EACH ROW EXECUTE FUNCTION touch();
