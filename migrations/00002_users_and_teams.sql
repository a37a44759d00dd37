-- +goose Up
CREATE TYPE user_tier AS ENUM ('FREE', 'POWER', 'TEAM');
CREATE TYPE user_role AS ENUM ('MEMBER', 'ADMIN');
CREATE TYPE team_role AS ENUM ('ADMIN', 'MEMBER', 'VIEWER');

-- The id is the subject that the auth provider knows a person by, so it is a text and has no default.
CREATE TABLE users (
  id         text PRIMARY KEY,
  email      text NOT NULL UNIQUE,
  name       text NOT NULL,
  tier       user_tier NOT NULL DEFAULT 'FREE',
  role       user_role NOT NULL DEFAULT 'MEMBER',
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT users_id_length_check CHECK (char_length(id) BETWEEN 1 AND 255),
  CONSTRAINT users_email_length_check CHECK (char_length(email) <= 320),
  CONSTRAINT users_email_format_check CHECK (email ~ '^[A-Za-z0-9.!#$%&''*+/=?^_`{|}~-]+@[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$'),
  CONSTRAINT users_email_check CHECK (email = lower(email COLLATE "C")),
  CONSTRAINT users_name_length_check CHECK (char_length(name) BETWEEN 1 AND 100)
);

-- A team does not go with its owner: whoever deletes the account has handed the team over before.
CREATE TABLE teams (
  id         uuid PRIMARY KEY DEFAULT uuid_generate_v7(),
  slug       text NOT NULL UNIQUE,
  name       text NOT NULL,
  owner_id   text NOT NULL REFERENCES users (id) ON DELETE RESTRICT,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT teams_slug_length_check CHECK (char_length(slug) BETWEEN 2 AND 40),
  CONSTRAINT teams_slug_format_check CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
  CONSTRAINT teams_name_length_check CHECK (char_length(name) BETWEEN 1 AND 80)
);
CREATE INDEX teams_owner_id_idx ON teams (owner_id);

CREATE TABLE memberships (
  team_id    uuid NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  user_id    text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  role       team_role NOT NULL DEFAULT 'MEMBER',
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (team_id, user_id)
);
CREATE INDEX memberships_user_id_idx ON memberships (user_id);

-- +goose Down
DROP TABLE memberships;
DROP TABLE teams;
DROP TABLE users;
DROP TYPE team_role;
DROP TYPE user_role;
DROP TYPE user_tier;
