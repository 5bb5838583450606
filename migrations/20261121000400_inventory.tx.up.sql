-- Parts: what lies where, promised to whom, and every movement that led there.
CREATE TABLE parts (
  id uuid PRIMARY KEY, sku text NOT NULL CONSTRAINT parts_sku UNIQUE, name text NOT NULL, unit text NOT NULL DEFAULT 'piece',
  price_minor bigint NOT NULL DEFAULT 0 CHECK (price_minor >= 0), serialised boolean NOT NULL DEFAULT false,
  warranty_days int, return_old boolean NOT NULL DEFAULT false, retired_at timestamptz, created_at timestamptz NOT NULL, version int NOT NULL DEFAULT 1
);

CREATE TABLE places (
  id uuid PRIMARY KEY, org_id int NOT NULL REFERENCES organisations (id), code text NOT NULL CONSTRAINT places_code UNIQUE, name text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('warehouse', 'outlet', 'van', 'depot')), region_code text REFERENCES regions (code),
  engineer_id uuid, lat double precision, lng double precision, open_hours text NOT NULL DEFAULT '',
  reachable boolean NOT NULL DEFAULT true, unreachable_why text NOT NULL DEFAULT '', owner_org_id int REFERENCES organisations (id),
  retired_at timestamptz, created_at timestamptz NOT NULL, version int NOT NULL DEFAULT 1,
  UNIQUE (id, org_id),
  CONSTRAINT places_van_of_engineer CHECK (kind = 'van' OR engineer_id IS NULL),
  CONSTRAINT places_position CHECK ((lat IS NULL) = (lng IS NULL) AND (lat IS NULL OR lat BETWEEN -90 AND 90 AND lng BETWEEN -180 AND 180))
);
CREATE UNIQUE INDEX places_one_van ON places (engineer_id) WHERE kind = 'van' AND retired_at IS NULL;

-- Written by triggers alone: the serving role has no right to it.
CREATE TABLE stock (
  place_id uuid NOT NULL REFERENCES places (id), part_id uuid NOT NULL REFERENCES parts (id),
  condition text NOT NULL DEFAULT 'good' CHECK (condition IN ('good', 'defective', 'to_inspect')),
  on_hand bigint NOT NULL DEFAULT 0, reserved bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (place_id, part_id, condition),
  CONSTRAINT stock_not_below_zero CHECK (on_hand >= 0),
  CONSTRAINT stock_reserved_within CHECK (reserved >= 0 AND reserved <= on_hand),
  CONSTRAINT stock_only_good_is_promised CHECK (condition = 'good' OR reserved = 0)
) WITH (fillfactor = 50);
CREATE INDEX stock_part ON stock (part_id);

-- lock_stock holds rows still, in the one order used everywhere, for a program that has to look before it
-- decides: the serving role may not lock what it may not write.
CREATE FUNCTION lock_stock(at_places uuid[], of_parts uuid[]) RETURNS SETOF stock
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT s.* FROM stock s WHERE s.place_id = ANY (at_places) AND s.part_id = ANY (of_parts)
  ORDER BY s.place_id, s.part_id, s.condition FOR NO KEY UPDATE
$$;

-- One movement is one row with two ends, so it can neither make nor lose a part. Outside the house is NULL.
CREATE TABLE moves (
  id uuid PRIMARY KEY, org_id int NOT NULL REFERENCES organisations (id), at timestamptz NOT NULL,
  kind text NOT NULL CHECK (kind IN ('receive', 'transfer', 'adjust', 'return', 'scrap', 'consume', 'inspect')),
  part_id uuid NOT NULL REFERENCES parts (id), quantity bigint NOT NULL CONSTRAINT moves_quantity CHECK (quantity > 0),
  from_place uuid REFERENCES places (id), to_place uuid REFERENCES places (id),
  condition text NOT NULL DEFAULT 'good' CHECK (condition IN ('good', 'defective', 'to_inspect')),
  to_condition text NOT NULL DEFAULT 'good' CHECK (to_condition IN ('good', 'defective', 'to_inspect')),
  order_id uuid, sheet_id uuid, pickup_id uuid, reverses uuid REFERENCES moves (id),
  serial_numbers text[] NOT NULL DEFAULT '{}', reason text NOT NULL DEFAULT '', actor_id uuid, actor text NOT NULL,
  CONSTRAINT moves_ends_of_kind CHECK (CASE kind
    WHEN 'receive'  THEN from_place IS NULL AND to_place IS NOT NULL
    WHEN 'transfer' THEN from_place IS NOT NULL AND to_place IS NOT NULL AND from_place <> to_place
    WHEN 'adjust'   THEN num_nonnulls(from_place, to_place) = 1 AND reason <> ''
    WHEN 'return'   THEN to_place IS NOT NULL AND from_place IS DISTINCT FROM to_place
    WHEN 'scrap'    THEN from_place IS NOT NULL AND to_place IS NULL
    WHEN 'consume'  THEN from_place IS NOT NULL AND to_place IS NULL AND order_id IS NOT NULL
    WHEN 'inspect'  THEN from_place IS NOT NULL AND from_place = to_place AND condition <> to_condition END),
  CONSTRAINT moves_serials_match CHECK (cardinality(serial_numbers) IN (0, quantity)),
  CONSTRAINT moves_reversed_once UNIQUE (reverses)
);
CREATE INDEX moves_part ON moves (part_id, id);
CREATE INDEX moves_from ON moves (from_place, part_id, id) WHERE from_place IS NOT NULL;
CREATE INDEX moves_to ON moves (to_place, part_id, id) WHERE to_place IS NOT NULL;
CREATE INDEX moves_order ON moves (order_id) WHERE order_id IS NOT NULL;
CREATE TRIGGER moves_append_only BEFORE UPDATE OR DELETE ON moves FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER moves_no_truncate BEFORE TRUNCATE ON moves FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- Serial-numbered pieces: each is in exactly one place, in one device, or gone. Written by triggers alone.
CREATE TABLE pieces (
  part_id uuid NOT NULL REFERENCES parts (id), serial_number text NOT NULL,
  place_id uuid REFERENCES places (id), condition text NOT NULL DEFAULT 'good', fitted_order uuid, gone_by uuid REFERENCES moves (id),
  held_by_order uuid,
  PRIMARY KEY (part_id, serial_number),
  CONSTRAINT pieces_one_whereabouts CHECK (num_nonnulls(place_id, fitted_order, gone_by) = 1),
  CONSTRAINT pieces_held_only_in_place CHECK (held_by_order IS NULL OR place_id IS NOT NULL)
);
CREATE INDEX pieces_place ON pieces (place_id, part_id);

-- apply_moves carries a whole statement's movements into stock in the order (place, part, condition),
-- which is the lock order everywhere. A zero row first, then the update: never clamp.
CREATE FUNCTION apply_moves() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  k record; m record; s text;
BEGIN
  FOR k IN
    SELECT place_id, part_id, condition, sum(n) AS n FROM (
      SELECT from_place AS place_id, part_id, condition, -quantity AS n FROM fresh WHERE from_place IS NOT NULL
      UNION ALL
      SELECT to_place, part_id, to_condition, quantity FROM fresh WHERE to_place IS NOT NULL) ends
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
  LOOP
    UPDATE stock SET on_hand = on_hand + k.n WHERE place_id = k.place_id AND part_id = k.part_id AND condition = k.condition;
    IF NOT FOUND THEN
      INSERT INTO stock (place_id, part_id, condition) VALUES (k.place_id, k.part_id, k.condition) ON CONFLICT DO NOTHING;
      UPDATE stock SET on_hand = on_hand + k.n WHERE place_id = k.place_id AND part_id = k.part_id AND condition = k.condition;
    END IF;
  END LOOP;
  FOR m IN SELECT f.*, p.serialised FROM fresh f JOIN parts p ON p.id = f.part_id
           WHERE p.serialised OR cardinality(f.serial_numbers) > 0 ORDER BY f.part_id, f.id LOOP
    IF m.serialised AND cardinality(m.serial_numbers) = 0 THEN
      PERFORM refuse('moves_serials_needed', 'this part is counted by serial number: name each piece');
    END IF;
    IF NOT m.serialised THEN CONTINUE; END IF;
    FOREACH s IN ARRAY m.serial_numbers LOOP
      IF m.from_place IS NULL THEN
        INSERT INTO pieces (part_id, serial_number, place_id, condition) VALUES (m.part_id, s, m.to_place, m.to_condition)
          ON CONFLICT (part_id, serial_number) DO UPDATE SET place_id = m.to_place, condition = m.to_condition, fitted_order = NULL, gone_by = NULL, held_by_order = NULL
          WHERE pieces.place_id IS NULL;
        IF NOT FOUND THEN PERFORM refuse('pieces_in_one_place', format('piece %s lies in a place already: move it from there', s)); END IF;
      ELSE
        UPDATE pieces SET
          place_id = m.to_place, condition = m.to_condition,
          fitted_order = CASE WHEN m.kind = 'consume' THEN m.order_id END,
          gone_by = CASE WHEN m.to_place IS NULL AND m.kind <> 'consume' THEN m.id END,
          held_by_order = CASE WHEN m.to_place IS NULL THEN NULL ELSE held_by_order END
        WHERE part_id = m.part_id AND serial_number = s AND place_id = m.from_place AND condition = m.condition
          AND (held_by_order IS NULL OR held_by_order IS NOT DISTINCT FROM m.order_id);
        IF NOT FOUND THEN PERFORM refuse('pieces_not_here', format('piece %s is not where this movement takes it from', s)); END IF;
      END IF;
    END LOOP;
  END LOOP;
  RETURN NULL;
END $$;
CREATE TRIGGER moves_apply AFTER INSERT ON moves REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION apply_moves();

-- A promise of parts to an order. It resolves once: used or released.
CREATE TABLE reservations (
  id uuid PRIMARY KEY, org_id int NOT NULL REFERENCES organisations (id), order_id uuid NOT NULL, visit_id uuid,
  place_id uuid NOT NULL REFERENCES places (id), part_id uuid NOT NULL REFERENCES parts (id),
  quantity bigint NOT NULL CHECK (quantity > 0), serial_numbers text[] NOT NULL DEFAULT '{}',
  state text NOT NULL DEFAULT 'held', held_at timestamptz NOT NULL, resolved_at timestamptz, why text NOT NULL DEFAULT '', version int NOT NULL DEFAULT 1,
  CONSTRAINT reservations_resolved_when CHECK ((state = 'held') = (resolved_at IS NULL)),
  CONSTRAINT reservations_serials_match CHECK (cardinality(serial_numbers) IN (0, quantity))
);
CREATE UNIQUE INDEX reservations_one_held ON reservations (order_id, place_id, part_id) WHERE state = 'held';
CREATE INDEX reservations_order ON reservations (order_id);
CREATE INDEX reservations_held ON reservations (place_id, part_id) WHERE state = 'held';
CREATE TRIGGER reservations_move BEFORE INSERT OR UPDATE ON reservations FOR EACH ROW EXECUTE FUNCTION move_state('reservation');

CREATE FUNCTION apply_reservation() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  named bigint;
BEGIN
  IF TG_OP = 'DELETE' THEN PERFORM refuse('reservations_kept', 'release a reservation, never delete it'); END IF;
  IF TG_OP = 'UPDATE' THEN
    IF (NEW.quantity, NEW.part_id, NEW.place_id, NEW.order_id, NEW.serial_numbers) IS DISTINCT FROM (OLD.quantity, OLD.part_id, OLD.place_id, OLD.order_id, OLD.serial_numbers) THEN
      PERFORM refuse('reservations_fixed', 'release the reservation and make another');
    END IF;
    IF OLD.state = 'held' AND NEW.state <> 'held' THEN
      UPDATE stock SET reserved = reserved - OLD.quantity WHERE place_id = OLD.place_id AND part_id = OLD.part_id AND condition = 'good';
      UPDATE pieces SET held_by_order = NULL WHERE part_id = OLD.part_id AND serial_number = ANY (OLD.serial_numbers) AND held_by_order = OLD.order_id;
    END IF;
    RETURN NEW;
  END IF;
  UPDATE stock SET reserved = reserved + NEW.quantity WHERE place_id = NEW.place_id AND part_id = NEW.part_id AND condition = 'good';
  IF NOT FOUND THEN PERFORM refuse('stock_reserved_within', 'nothing of this part lies there'); END IF;
  IF cardinality(NEW.serial_numbers) > 0 THEN
    UPDATE pieces SET held_by_order = NEW.order_id WHERE part_id = NEW.part_id AND serial_number = ANY (NEW.serial_numbers)
      AND place_id = NEW.place_id AND condition = 'good' AND held_by_order IS NULL;
    GET DIAGNOSTICS named = ROW_COUNT;
    IF named <> cardinality(NEW.serial_numbers) THEN PERFORM refuse('pieces_held_once', 'that piece is promised to another order'); END IF;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER reservations_apply AFTER INSERT OR UPDATE OR DELETE ON reservations FOR EACH ROW EXECUTE FUNCTION apply_reservation();

CREATE TABLE stock_expected (
  id uuid PRIMARY KEY, org_id int NOT NULL REFERENCES organisations (id), part_id uuid NOT NULL REFERENCES parts (id),
  quantity bigint NOT NULL CHECK (quantity > 0), received bigint NOT NULL DEFAULT 0, to_place uuid NOT NULL REFERENCES places (id),
  expected_on date NOT NULL, supplier_ref text NOT NULL DEFAULT '', state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'received', 'cancelled')),
  created_at timestamptz NOT NULL, version int NOT NULL DEFAULT 1,
  CONSTRAINT stock_expected_received CHECK (received >= 0 AND (state = 'received') = (received >= quantity))
);
CREATE INDEX stock_expected_place ON stock_expected (to_place, part_id) WHERE state = 'open';
CREATE INDEX stock_expected_open ON stock_expected (part_id, expected_on) WHERE state = 'open';

-- What an order waits for. An unknown part stands as text until somebody names it.
CREATE TABLE shortages (
  id uuid PRIMARY KEY, org_id int NOT NULL REFERENCES organisations (id), order_id uuid NOT NULL, part_id uuid REFERENCES parts (id),
  text text NOT NULL DEFAULT '', quantity bigint NOT NULL CHECK (quantity > 0), urgency text NOT NULL DEFAULT '',
  waiting_since timestamptz NOT NULL, expected_on date, state text NOT NULL DEFAULT 'open', resolved_at timestamptz, version int NOT NULL DEFAULT 1,
  CONSTRAINT shortages_of_what CHECK (part_id IS NOT NULL OR text <> ''),
  CONSTRAINT shortages_resolved_when CHECK ((state = 'open') = (resolved_at IS NULL))
);
CREATE UNIQUE INDEX shortages_one_open ON shortages (order_id, part_id) WHERE state = 'open' AND part_id IS NOT NULL;
CREATE INDEX shortages_open ON shortages (part_id, waiting_since) WHERE state = 'open';
CREATE INDEX shortages_order ON shortages (order_id);
CREATE TRIGGER shortages_move BEFORE INSERT OR UPDATE ON shortages FOR EACH ROW EXECUTE FUNCTION move_state('shortage');

-- A slip for the counter: what an engineer fetches at a store before a visit.
CREATE TABLE pickups (
  id uuid PRIMARY KEY, org_id int NOT NULL REFERENCES organisations (id), number text NOT NULL CONSTRAINT pickups_number UNIQUE,
  visit_id uuid NOT NULL, order_id uuid NOT NULL, place_id uuid NOT NULL REFERENCES places (id), engineer_id uuid NOT NULL,
  needed_by timestamptz NOT NULL, state text NOT NULL DEFAULT 'to_pick', ready_at timestamptz, handed_over_at timestamptz, ended_at timestamptz,
  why text NOT NULL DEFAULT '', created_at timestamptz NOT NULL, version int NOT NULL DEFAULT 1,
  CONSTRAINT pickups_handed_over_when CHECK ((state IN ('handed_over', 'returned')) = (handed_over_at IS NOT NULL)),
  CONSTRAINT pickups_ended_when CHECK ((state IN ('returned', 'cancelled')) = (ended_at IS NOT NULL)),
  CONSTRAINT pickups_cancelled_why CHECK (state <> 'cancelled' OR why <> '')
);
CREATE INDEX pickups_order ON pickups (order_id);
CREATE INDEX pickups_place ON pickups (place_id, needed_by);
CREATE INDEX pickups_visit ON pickups (visit_id);
CREATE UNIQUE INDEX pickups_one_live ON pickups (visit_id, place_id) WHERE state IN ('to_pick', 'ready');
CREATE TRIGGER pickups_move BEFORE INSERT OR UPDATE ON pickups FOR EACH ROW EXECUTE FUNCTION move_state('pickup');
CREATE TABLE pickup_lines (
  pickup_id uuid NOT NULL REFERENCES pickups (id), part_id uuid NOT NULL REFERENCES parts (id), quantity bigint NOT NULL CHECK (quantity > 0),
  PRIMARY KEY (pickup_id, part_id)
);

CREATE TRIGGER parts_touch BEFORE INSERT OR UPDATE ON parts FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER places_touch BEFORE INSERT OR UPDATE ON places FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER stock_expected_touch BEFORE INSERT OR UPDATE ON stock_expected FOR EACH ROW EXECUTE FUNCTION touch();
