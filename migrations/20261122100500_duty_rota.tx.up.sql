-- Who is asked outside working hours, by organisation and civil day there. A level without a row of its own is
-- watched by the level above it.
CREATE TABLE duty_rota (
  org_id int NOT NULL REFERENCES organisations (id), day date NOT NULL,
  user_id uuid NOT NULL REFERENCES users (id),
  phone text NOT NULL CONSTRAINT duty_rota_phone CHECK (phone ~ '^\+[1-9][0-9]{4,14}(;ext=[0-9]{1,7})?$'),
  version int NOT NULL DEFAULT 1,
  CONSTRAINT duty_rota_one_a_day PRIMARY KEY (org_id, day)
);
CREATE INDEX duty_rota_user ON duty_rota (user_id);
CREATE TRIGGER duty_rota_touch BEFORE INSERT OR UPDATE ON duty_rota FOR EACH ROW EXECUTE FUNCTION touch();
SELECT audit_attach('duty_rota');
