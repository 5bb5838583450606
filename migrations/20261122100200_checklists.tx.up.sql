-- What has to be looked at before a job of a kind is called done: general lines and those of a category of
-- devices. A sheet keeps the lines as they were when it was signed.
CREATE TABLE checklists (
  kind text NOT NULL CONSTRAINT checklists_kind CHECK (kind IN ('repair', 'install', 'maintain', 'inspect', 'exchange', 'deliver', 'train', 'relocate')),
  category text NOT NULL DEFAULT '', lines jsonb NOT NULL CONSTRAINT checklists_lines CHECK (jsonb_typeof(lines) = 'array'), version int NOT NULL DEFAULT 1,
  PRIMARY KEY (kind, category)
);
CREATE TRIGGER checklists_touch BEFORE INSERT OR UPDATE ON checklists FOR EACH ROW EXECUTE FUNCTION touch();
SELECT audit_attach('checklists');
