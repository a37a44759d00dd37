-- +goose Up
CREATE FUNCTION uuid_generate_v7() RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE
AS $$
  SELECT encode(
    set_bit(
      set_bit(
        overlay(
          uuid_send(gen_random_uuid())
          PLACING substring(int8send(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
          FROM 1 FOR 6
        ),
        52, 1
      ),
      53, 1
    ),
    'hex'
  )::uuid
$$;

CREATE TYPE note_status AS ENUM ('OPEN', 'DONE');

CREATE TABLE notes (
  id uuid NOT NULL DEFAULT uuid_generate_v7(),
  title text NOT NULL,
  body text NOT NULL DEFAULT '',
  status note_status NOT NULL DEFAULT 'OPEN',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT notes_pkey PRIMARY KEY (id),
  CONSTRAINT notes_body_length_check CHECK (char_length(body) <= 20000),
  CONSTRAINT notes_title_length_check CHECK (char_length(title) BETWEEN 1 AND 200)
);

CREATE TABLE users (
  id uuid NOT NULL DEFAULT uuid_generate_v7(),
  email text NOT NULL,
  name text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT users_pkey PRIMARY KEY (id),
  CONSTRAINT users_email_key UNIQUE (email),
  CONSTRAINT users_email_format_check CHECK (email ~ '^[A-Za-z0-9.!#$%&''*+/=?^_`{|}~-]+@[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$'),
  CONSTRAINT users_email_length_check CHECK (char_length(email) <= 320),
  CONSTRAINT users_name_length_check CHECK (char_length(name) BETWEEN 1 AND 100)
);

CREATE INDEX notes_status_created_at_idx ON notes (status, created_at DESC);

-- +goose Down
DROP INDEX notes_status_created_at_idx;
DROP TABLE users;
DROP TABLE notes;
DROP TYPE note_status;
DROP FUNCTION uuid_generate_v7();
