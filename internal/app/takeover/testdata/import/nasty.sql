-- What databases that grew for years have.
CREATE EXTENSION IF NOT EXISTS citext;
CREATE SCHEMA audit;
CREATE TYPE status AS ENUM ('OPEN', 'DONE');
CREATE TYPE "userRole" AS ENUM ('admin', 'reader');
CREATE TYPE point3 AS (x float8, y float8, z float8);
CREATE SEQUENCE invoice_numbers START 1000;
CREATE FUNCTION next_number() RETURNS bigint LANGUAGE sql AS $$ SELECT nextval('invoice_numbers') $$;

CREATE TABLE users (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email citext NOT NULL,
  "userName" text NOT NULL UNIQUE,
  role "userRole" NOT NULL DEFAULT 'reader',
  "select" text, "1st" integer, "größe" integer, "a b" text, _hidden boolean, "and" text,
  full_name text GENERATED ALWAYS AS (upper("userName")) STORED,
  age smallint CHECK (age >= 0), score real DEFAULT 0.5, weight double precision DEFAULT 1.5 CHECK (weight > 0 AND weight < 500),
  bits bit(3), net inet, position point3, tags varchar(10)[] NOT NULL DEFAULT '{}', matrix integer[][], settings json, prefs jsonb NOT NULL DEFAULT '{"a": 1}',
  born date CHECK (born > '1900-01-01'), wakes time, lag interval DEFAULT '1 hour', seen timestamp(3) with time zone, code char(2) COLLATE "C",
  parent bigint REFERENCES users (id) ON DELETE SET NULL,
  state status NOT NULL DEFAULT 'OPEN', old_state status,
  CONSTRAINT ck_email CHECK (email <> ''), CHECK (state <> 'DONE' OR age IS NOT NULL), CHECK (char_length("userName") BETWEEN 1 AND 40)
);
CREATE UNIQUE INDEX users_email_key ON users (email);
CREATE UNIQUE INDEX users_open_key ON users (age) WHERE state = 'OPEN';
CREATE INDEX users_lower_idx ON users (lower("userName"));
CREATE INDEX users_seen_idx ON users (seen DESC NULLS LAST);
CREATE INDEX users_open_idx ON users (born) WHERE state = 'OPEN';
CREATE INDEX users_odd_idx ON users (born) WHERE age % 2 = 1;
CREATE INDEX users_prefs_idx ON users USING gin (prefs jsonb_path_ops);
CREATE INDEX users_tags_idx ON users USING gin (tags);
CREATE INDEX users_both_idx ON users (age, born DESC) INCLUDE (score);
CREATE INDEX users_two_idx ON users (age, born DESC);
CREATE INDEX users_net_idx ON users USING spgist (net);

CREATE TABLE user_order (
  user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, number integer NOT NULL, invoice bigint NOT NULL DEFAULT next_number(),
  placed timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP, total numeric(12,2) NOT NULL CHECK (total >= 0), note text NOT NULL DEFAULT 'it''s',
  PRIMARY KEY (user_id, number), UNIQUE (invoice));
CREATE TABLE order_line (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id bigint NOT NULL, order_number integer NOT NULL, sku text NOT NULL CHECK (sku ~ '^[A-Z]{3}$'),
  FOREIGN KEY (user_id, order_number) REFERENCES user_order (user_id, number) ON DELETE CASCADE, FOREIGN KEY (user_id) REFERENCES users);
CREATE TABLE boxes (id serial PRIMARY KEY);
CREATE TABLE box (id serial PRIMARY KEY, boxes_id integer REFERENCES boxes);
CREATE TABLE follows (follower bigint REFERENCES users, followed bigint REFERENCES users, PRIMARY KEY (follower, followed), CHECK (follower <> followed));
CREATE TABLE profile (user_id bigint PRIMARY KEY REFERENCES users ON DELETE CASCADE, bio text);
CREATE TABLE by_name (id serial PRIMARY KEY, user_name text REFERENCES users ("userName"));
CREATE TABLE node (id integer PRIMARY KEY, root integer NOT NULL REFERENCES node);
CREATE TABLE log (at timestamptz, line text);
CREATE TABLE log_reader (id serial PRIMARY KEY, name text);
CREATE TABLE audit.entry (id serial PRIMARY KEY, user_id bigint REFERENCES public.users);
CREATE TABLE prices (id serial PRIMARY KEY, during tstzrange NOT NULL, EXCLUDE USING gist (during WITH &&));
CREATE TABLE schema_migrations (version text PRIMARY KEY);
CREATE UNLOGGED TABLE cache (key text PRIMARY KEY, value bytea) WITH (fillfactor = 70);
CREATE TABLE wide_parent (id serial PRIMARY KEY, kind text);
CREATE TABLE wide_child (extra text) INHERITS (wide_parent);
CREATE VIEW open_users AS SELECT * FROM users WHERE state = 'OPEN';
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON users USING (email = current_user);
