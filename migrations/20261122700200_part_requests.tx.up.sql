-- 领料单: what an engineer wants in his van, apart from any order. The counter lays it out, the engineer's tap
-- when he takes it books the transfer.
CREATE TABLE part_requests (
  id uuid PRIMARY KEY, org_id int NOT NULL REFERENCES organisations (id), engineer_id uuid NOT NULL REFERENCES engineers (id), van_id uuid NOT NULL REFERENCES places (id),
  lines jsonb NOT NULL, text text NOT NULL DEFAULT '', urgent boolean NOT NULL DEFAULT false, asked_at timestamptz NOT NULL,
  state text NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'ready', 'received', 'refused')),
  from_place uuid REFERENCES places (id), ready_at timestamptz, ended_at timestamptz, why text NOT NULL DEFAULT '', version int NOT NULL DEFAULT 1,
  CONSTRAINT part_requests_something CHECK (jsonb_array_length(lines) > 0 OR text <> ''),
  CONSTRAINT part_requests_laid_out_where CHECK (state NOT IN ('ready', 'received') OR from_place IS NOT NULL AND ready_at IS NOT NULL),
  CONSTRAINT part_requests_ended_when CHECK ((state IN ('received', 'refused')) = (ended_at IS NOT NULL)),
  CONSTRAINT part_requests_refused_why CHECK (state <> 'refused' OR why <> '')
);
CREATE INDEX part_requests_engineer ON part_requests (engineer_id, asked_at);
CREATE INDEX part_requests_open ON part_requests (org_id, asked_at) WHERE state IN ('asked', 'ready');
SELECT audit_attach('part_requests');
