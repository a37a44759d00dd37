-- Runs of prompts, the one table that grows for ever. So that it can be split into monthly partitions at any
-- time (docs/prompt-platform.md has the steps), its key holds started_at, and no foreign key points at it.

-- +goose Up
CREATE TYPE execution_status AS ENUM ('RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED');

-- +krowoc ignore foreign-key-without-index: a model or provider is retired (active = false), never deleted
CREATE TABLE executions (
  id          uuid NOT NULL DEFAULT uuid_generate_v7(),
  user_id     text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  prompt_id   uuid REFERENCES prompts (id) ON DELETE SET NULL,
  version_id  uuid REFERENCES prompt_versions (id) ON DELETE SET NULL,
  model_id    text NOT NULL REFERENCES models (id) ON DELETE RESTRICT,
  provider_id text NOT NULL REFERENCES providers (id) ON DELETE RESTRICT,
  variables   jsonb NOT NULL DEFAULT '{}',
  output      text,
  tokens_in   integer NOT NULL DEFAULT 0,
  tokens_out  integer NOT NULL DEFAULT 0,
  cost        numeric NOT NULL DEFAULT 0,
  latency_ms  integer,
  status      execution_status NOT NULL DEFAULT 'RUNNING',
  error       text,
  started_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (id, started_at),
  CONSTRAINT executions_tokens_in_range_check CHECK (tokens_in >= 0),
  CONSTRAINT executions_tokens_out_range_check CHECK (tokens_out >= 0),
  CONSTRAINT executions_cost_range_check CHECK (cost >= 0),
  CONSTRAINT executions_latency_ms_range_check CHECK (latency_ms >= 0),
  CONSTRAINT executions_error_length_check CHECK (char_length(error) <= 2000),
  CONSTRAINT executions_failed_has_error_check CHECK (NOT status = 'FAILED' OR error IS NOT NULL)
);

CREATE INDEX executions_user_id_started_at_idx ON executions (user_id, started_at DESC);
CREATE INDEX executions_prompt_id_started_at_idx ON executions (prompt_id, started_at DESC);
CREATE INDEX executions_version_id_started_at_idx ON executions (version_id, started_at DESC);

-- +goose Down
DROP TABLE executions;
DROP TYPE execution_status;
