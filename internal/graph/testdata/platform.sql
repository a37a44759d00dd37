CREATE TYPE visibility AS ENUM ('PRIVATE', 'TEAM', 'PUBLIC');
CREATE TYPE role AS ENUM ('MEMBER', 'ADMIN');
CREATE TABLE users (id text PRIMARY KEY, name text NOT NULL, email text, secret text);
CREATE TABLE profiles (id uuid PRIMARY KEY, user_id text NOT NULL UNIQUE REFERENCES users, bio text);
CREATE TABLE teams (id uuid PRIMARY KEY, name text NOT NULL);
CREATE TABLE memberships (
  user_id text NOT NULL REFERENCES users, team_id uuid NOT NULL REFERENCES teams,
  role role NOT NULL DEFAULT 'MEMBER', PRIMARY KEY (user_id, team_id)
);
CREATE TABLE prompts (
  id uuid PRIMARY KEY, title text NOT NULL, body text NOT NULL, tags text[] NOT NULL DEFAULT '{}',
  visibility visibility NOT NULL DEFAULT 'PRIVATE', owner_id text NOT NULL REFERENCES users ON DELETE CASCADE,
  team_id uuid REFERENCES teams, score int4, cost numeric, rating float8, parameters jsonb,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON prompts (created_at, id);
CREATE INDEX ON prompts (owner_id);
CREATE TABLE labels (id uuid PRIMARY KEY, name text NOT NULL);
CREATE TABLE labels_prompts (
  prompt_id uuid NOT NULL REFERENCES prompts ON DELETE CASCADE,
  label_id uuid NOT NULL REFERENCES labels ON DELETE CASCADE, PRIMARY KEY (prompt_id, label_id)
);
CREATE TABLE executions (
  id uuid PRIMARY KEY, prompt_id uuid NOT NULL REFERENCES prompts ON DELETE CASCADE,
  user_id text NOT NULL REFERENCES users, tokens int8 NOT NULL, cost numeric NOT NULL, latency interval,
  started_at timestamptz NOT NULL, day date, payload bytea, moments timestamptz[], amounts numeric[], ok boolean
);
CREATE INDEX ON executions (prompt_id, started_at DESC, id DESC);
CREATE TABLE provider_keys (id uuid PRIMARY KEY, user_id text NOT NULL REFERENCES users, ciphertext bytea NOT NULL);
CREATE TABLE usage_dailies (user_id text NOT NULL REFERENCES users, day date NOT NULL, tokens int8 NOT NULL, PRIMARY KEY (user_id, day));
CREATE TABLE audits (id uuid PRIMARY KEY, note text NOT NULL);

INSERT INTO users VALUES ('ada', 'Ada', 'ada@example.com', 'x'), ('bob', 'Bob', 'bob@example.com', 'y'), ('cy', 'Cy', NULL, 'z');
INSERT INTO profiles VALUES ('00000000-0000-7000-8000-00000000f001', 'ada', 'Writes prompts.');
INSERT INTO teams VALUES ('00000000-0000-7000-8000-00000000e001', 'Core'), ('00000000-0000-7000-8000-00000000e002', 'Other');
INSERT INTO memberships VALUES ('ada', '00000000-0000-7000-8000-00000000e001', 'ADMIN'), ('bob', '00000000-0000-7000-8000-00000000e001', 'MEMBER');
INSERT INTO prompts VALUES
  ('00000000-0000-7000-8000-000000000001', 'Summarise "this"', E'Line\nbreak', '{a,b}', 'PUBLIC', 'ada', NULL, 3, 1.50, 0.5, '{"temperature": 0.2}', '2026-01-01T00:00:00Z'),
  ('00000000-0000-7000-8000-000000000002', 'Translate', 'to {{language}}', '{b}', 'PRIVATE', 'ada', NULL, NULL, NULL, 'NaN', NULL, '2026-01-02T00:00:00.5Z'),
  ('00000000-0000-7000-8000-000000000003', 'Review', 'code', '{}', 'TEAM', 'ada', '00000000-0000-7000-8000-00000000e001', 5, 12345678901234567890.123456789, 1e300, '[]', '2026-01-03T00:00:00Z'),
  ('00000000-0000-7000-8000-000000000004', 'Héllo 🌍', '\u0000 \', '{"q\"u"}', 'PUBLIC', 'bob', '00000000-0000-7000-8000-00000000e002', 3, 0, -0.25, 'null', '2026-01-03T00:00:00Z');
INSERT INTO labels VALUES ('00000000-0000-7000-8000-00000000a001', 'Writing'), ('00000000-0000-7000-8000-00000000a002', 'Code');
INSERT INTO labels_prompts VALUES
  ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-00000000a001'),
  ('00000000-0000-7000-8000-000000000002', '00000000-0000-7000-8000-00000000a001'),
  ('00000000-0000-7000-8000-000000000003', '00000000-0000-7000-8000-00000000a002');
INSERT INTO executions VALUES
  ('00000000-0000-7000-8000-0000000b0001', '00000000-0000-7000-8000-000000000001', 'bob', 9007199254740993, 0.000100, '1 day 02:03:04.5', '2026-02-01T12:00:00+02', '2026-02-01', '\x00ff10', '{2026-02-01T00:00:00Z,2026-02-02T00:00:00.25Z}', '{1.50,NULL}', true),
  ('00000000-0000-7000-8000-0000000b0002', '00000000-0000-7000-8000-000000000001', 'ada', 2, 0.2, '0', '2026-02-02T00:00:00Z', NULL, NULL, NULL, NULL, NULL),
  ('00000000-0000-7000-8000-0000000b0003', '00000000-0000-7000-8000-000000000002', 'ada', 3, 0.3, NULL, '2026-02-03T00:00:00Z', NULL, NULL, NULL, NULL, false);
INSERT INTO provider_keys VALUES ('00000000-0000-7000-8000-00000000c001', 'ada', '\xdeadbeef');
INSERT INTO usage_dailies VALUES ('ada', '2026-02-01', 100), ('ada', '2026-02-02', 200), ('bob', '2026-02-01', 50);
INSERT INTO audits VALUES ('00000000-0000-7000-8000-00000000d001', 'hidden');
