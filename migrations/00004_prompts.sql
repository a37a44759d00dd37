-- +goose Up
CREATE TYPE prompt_category AS ENUM (
  'CODING', 'DATA', 'EDUCATION', 'LEGAL', 'MARKETING', 'OPERATIONS', 'PRODUCT', 'RESEARCH', 'SUPPORT', 'WRITING'
);
CREATE TYPE prompt_visibility AS ENUM ('PRIVATE', 'TEAM', 'PUBLIC');
CREATE TYPE prompt_status AS ENUM ('DRAFT', 'PUBLISHED', 'ARCHIVED');

-- +krowoc ignore foreign-key-without-index: a model or provider is retired (active = false), never deleted
CREATE TABLE prompts (
  id                 uuid PRIMARY KEY DEFAULT uuid_generate_v7(),
  title              text NOT NULL,
  description        text NOT NULL DEFAULT '',
  body               text NOT NULL,
  tags               text[] NOT NULL DEFAULT '{}',
  category           prompt_category NOT NULL,
  preferred_model_id text REFERENCES models (id) ON DELETE SET NULL,
  parameters         jsonb NOT NULL DEFAULT '{}',
  visibility         prompt_visibility NOT NULL DEFAULT 'PRIVATE',
  status             prompt_status NOT NULL DEFAULT 'DRAFT',
  owner_id           text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  team_id            uuid REFERENCES teams (id) ON DELETE SET NULL,
  created_at         timestamptz NOT NULL DEFAULT now(),
  updated_at         timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT prompts_title_length_check CHECK (char_length(title) BETWEEN 1 AND 200),
  CONSTRAINT prompts_description_length_check CHECK (char_length(description) <= 1000),
  CONSTRAINT prompts_body_length_check CHECK (char_length(body) BETWEEN 1 AND 50000),
  CONSTRAINT prompts_tags_length_check CHECK (cardinality(tags) <= 20),
  CONSTRAINT prompts_tags_elements_check CHECK (array_position(tags, NULL) IS NULL)
);

CREATE INDEX prompts_owner_id_updated_at_idx ON prompts (owner_id, updated_at DESC);
CREATE INDEX prompts_team_id_updated_at_idx ON prompts (team_id, updated_at DESC) WHERE team_id IS NOT NULL;
CREATE INDEX prompts_tags_idx ON prompts USING gin (tags);

-- +goose Down
DROP TABLE prompts;
DROP TYPE prompt_status;
DROP TYPE prompt_visibility;
DROP TYPE prompt_category;
