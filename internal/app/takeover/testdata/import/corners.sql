-- A required reference that a delete would set to null: the delete fails, as with RESTRICT.
CREATE TABLE owners (id integer, lang char(2), PRIMARY KEY (id, lang));
CREATE TABLE pets (
  id serial PRIMARY KEY,
  keeper integer NOT NULL REFERENCES pets (id) ON DELETE SET NULL,
  owner_id integer NOT NULL,
  owner_lang char(2),
  FOREIGN KEY (owner_id, owner_lang) REFERENCES owners (id, lang) ON DELETE SET NULL
);
-- @unique does not support JSON.
CREATE TABLE settings (id integer PRIMARY KEY, value jsonb NOT NULL UNIQUE, old jsonb);
CREATE UNIQUE INDEX ON settings (old);
-- The reference to a key is called id, but is not the key.
CREATE TABLE nodes (id integer UNIQUE REFERENCES settings (id), code text PRIMARY KEY);
-- Postgres prints the check otherwise after a dump.
CREATE DOMAIN level AS varchar(10) CHECK (VALUE IN ('low', 'it''s'));
CREATE TABLE alerts (id integer PRIMARY KEY, kind varchar(20) CHECK (kind IN ('a', 'b')), level level, at timetz);
-- No index may use the text of a time with time zone.
CREATE INDEX ON alerts (at) WHERE at IS NOT NULL;
-- In CEL, the condition compares texts, and no index may use the text of an amount of money.
CREATE TABLE shifts (id integer PRIMARY KEY, starts timetz NOT NULL, pay money);
CREATE INDEX ON shifts (id) WHERE starts = '08:00+00';
CREATE INDEX ON shifts (id) WHERE pay > '3';
-- Two enums have the same name in two Postgres schemas.
CREATE SCHEMA other;
CREATE TYPE state AS ENUM ('on', 'switched off');
CREATE TYPE other.state AS ENUM ('on', 'switched off', 'gone');
CREATE TABLE lamps (id integer PRIMARY KEY, state state CHECK (state <> 'switched off'), remote other.state CHECK (remote <> 'switched off'));
