-- By when we are in touch, there and done, counted from the request: by class of customer, kind of order and
-- priority. '' stands for any; the nearest row counts, the class before the kind. Contact is counted in
-- service hours, the others by the clock.
CREATE TABLE clock_targets (
  class text NOT NULL DEFAULT '', kind text NOT NULL DEFAULT '' CONSTRAINT clock_targets_kind CHECK (kind IN ('', 'repair', 'install', 'maintain', 'inspect', 'exchange', 'deliver', 'train', 'relocate')),
  priority int NOT NULL CONSTRAINT clock_targets_priority CHECK (priority BETWEEN 1 AND 4),
  contact_minutes int NOT NULL, arrive_minutes int NOT NULL, fix_minutes int NOT NULL, version int NOT NULL DEFAULT 1,
  PRIMARY KEY (class, kind, priority),
  CONSTRAINT clock_targets_in_order CHECK (0 < contact_minutes AND contact_minutes <= arrive_minutes AND arrive_minutes <= fix_minutes AND fix_minutes <= 527040)
);
-- A customer of class A is served as if a step more urgent; what repairs nothing can be planned a step later.
INSERT INTO clock_targets (class, kind, priority, contact_minutes, arrive_minutes, fix_minutes)
  SELECT c.class, k.kind, p.priority, t.contact, t.arrive, t.fix
    FROM (VALUES ('', 0), ('A', -1)) c (class, sooner), (VALUES ('', 1), ('repair', 0), ('exchange', 0)) k (kind, later), generate_series(1, 4) p (priority),
      (VALUES (1, 30, 240, 1440), (2, 60, 1440, 2880), (3, 120, 2880, 4320), (4, 240, 7200, 10080)) t (urgency, contact, arrive, fix)
    WHERE t.urgency = least(greatest(p.priority + k.later + c.sooner, 1), 4);
CREATE TRIGGER clock_targets_touch BEFORE INSERT OR UPDATE ON clock_targets FOR EACH ROW EXECUTE FUNCTION touch();
SELECT audit_attach('clock_targets');
