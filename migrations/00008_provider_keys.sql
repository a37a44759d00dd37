-- +goose Up
-- +krowoc ignore foreign-key-without-index: a model or provider is retired (active = false), never deleted
CREATE TABLE provider_keys (
  id           uuid PRIMARY KEY DEFAULT uuid_generate_v7(),
  user_id      text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  provider_id  text NOT NULL REFERENCES providers (id) ON DELETE RESTRICT,
  ciphertext   bytea NOT NULL,
  key_id       text NOT NULL,
  last_four    text NOT NULL,
  last_used_at timestamptz,
  created_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT provider_keys_user_id_provider_id_key UNIQUE (user_id, provider_id),
  CONSTRAINT provider_keys_ciphertext_length_check CHECK (octet_length(ciphertext) BETWEEN 1 AND 4096),
  CONSTRAINT provider_keys_key_id_length_check CHECK (char_length(key_id) BETWEEN 1 AND 200),
  CONSTRAINT provider_keys_last_four_length_check CHECK (char_length(last_four) = 4)
);

-- +goose Down
DROP TABLE provider_keys;
