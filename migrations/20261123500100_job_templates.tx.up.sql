-- What a job of a kind usually asks for on devices of a category: skills, parts, minutes. Intake proposes it.
CREATE TABLE job_templates (
  kind text NOT NULL CONSTRAINT job_templates_kind CHECK (kind IN ('repair', 'install', 'maintain', 'inspect', 'exchange', 'deliver', 'train', 'relocate')),
  category text NOT NULL DEFAULT '', skill_codes text[] NOT NULL DEFAULT '{}',
  minutes int NOT NULL CONSTRAINT job_templates_minutes CHECK (minutes BETWEEN 5 AND 1440),
  priority int NOT NULL DEFAULT 3 CONSTRAINT job_templates_priority CHECK (priority BETWEEN 1 AND 4),
  parts jsonb NOT NULL DEFAULT '[]' CONSTRAINT job_templates_parts CHECK (jsonb_typeof(parts) = 'array'), version int NOT NULL DEFAULT 1,
  PRIMARY KEY (kind, category)
);
CREATE TRIGGER job_templates_touch BEFORE INSERT OR UPDATE ON job_templates FOR EACH ROW EXECUTE FUNCTION touch();
SELECT audit_attach('job_templates');
