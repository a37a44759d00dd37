-- What no type describes. No plan may touch it, or mention it.
CREATE TABLE users (id int PRIMARY KEY, name text, UNIQUE (name), CONSTRAINT again UNIQUE (name), EXCLUDE USING hash (name WITH =));
CREATE TABLE no_key (k text);
CREATE TABLE nothing ();
CREATE TABLE float_key (id float8 PRIMARY KEY);
CREATE TABLE child (extra int) INHERITS (users);
CREATE TYPE rating AS ENUM ('G', 'PG-13');
CREATE TYPE "Odd name" AS ENUM ('a');
CREATE SCHEMA audit;
CREATE TYPE audit.level AS ENUM ('low');
CREATE TABLE audit.log (id int PRIMARY KEY, user_id int REFERENCES public.users, level audit.level);
CREATE TABLE notes (id int PRIMARY KEY, user_id int, body text);
ALTER TABLE notes ADD FOREIGN KEY (user_id) REFERENCES users NOT VALID, ADD CHECK (body <> '') NOT VALID, ADD FOREIGN KEY (id) REFERENCES users ON DELETE SET DEFAULT;
CREATE UNIQUE INDEX ON notes (lower(body));
CREATE EXTENSION "uuid-ossp";
CREATE COLLATION german (provider = icu, locale = 'de');
CREATE TEXT SEARCH CONFIGURATION plain (COPY = simple);
