-- Enums whose names and labels GraphQL does not allow, and types that the schema language does not have.
CREATE TYPE mpaa_rating AS ENUM ('G', 'PG', 'PG-13', 'R', 'NC-17');
CREATE TYPE "DocumentStatus" AS ENUM ('in progress', 'done', 'Über', '2xl', 'A+', 'A-', '', 'it''s "q"');
CREATE TYPE film AS ENUM ('x y', 'x-y');
CREATE DOMAIN rating_domain AS mpaa_rating CHECK (VALUE <> 'NC-17');
CREATE TYPE pair AS (a int, b text);
CREATE TABLE films (id serial PRIMARY KEY, title text NOT NULL, rating mpaa_rating NOT NULL DEFAULT 'PG-13', allowed mpaa_rating[] NOT NULL DEFAULT '{PG-13,R}', dom rating_domain DEFAULT 'PG-13',
 kind film, status "DocumentStatus" NOT NULL DEFAULT 'in progress',
 CONSTRAINT adult CHECK (rating <> 'NC-17' OR status = 'done'), CONSTRAINT arr CHECK (NOT ('NC-17' = ANY (allowed))));
CREATE INDEX open_films ON films (title) WHERE status = 'in progress';
CREATE INDEX ratings ON films USING gin (allowed);
CREATE TABLE documents (status "DocumentStatus" PRIMARY KEY, rank int);
CREATE TABLE pages (id int PRIMARY KEY, status "DocumentStatus" NOT NULL REFERENCES documents);
CREATE TABLE odds (id int PRIMARY KEY, p pair, ps pair[], grid int[][] NOT NULL DEFAULT '{}', span int4range DEFAULT '[1,3)', ip inet, spot point);
