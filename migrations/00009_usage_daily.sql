-- +goose Up
-- +krowoc ignore foreign-key-without-index: a model or provider is retired (active = false), never deleted
CREATE TABLE usage_daily (
  user_id     text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  day         date NOT NULL,
  provider_id text NOT NULL REFERENCES providers (id) ON DELETE RESTRICT,
  executions  integer NOT NULL,
  failures    integer NOT NULL DEFAULT 0,
  tokens_in   bigint NOT NULL,
  tokens_out  bigint NOT NULL,
  cost        numeric NOT NULL,
  PRIMARY KEY (user_id, day, provider_id),
  CONSTRAINT usage_daily_executions_range_check CHECK (executions >= 0),
  CONSTRAINT usage_daily_failures_range_check CHECK (failures >= 0),
  CONSTRAINT usage_daily_tokens_in_range_check CHECK (tokens_in >= 0),
  CONSTRAINT usage_daily_tokens_out_range_check CHECK (tokens_out >= 0),
  CONSTRAINT usage_daily_cost_range_check CHECK (cost >= 0)
);
CREATE INDEX usage_daily_day_idx ON usage_daily (day);

-- +goose Down
DROP TABLE usage_daily;
