-- Keys of every kind: one that is a reference, one that counts up, and a unique constraint in the place of one.
CREATE TABLE films (id int PRIMARY KEY);
CREATE TABLE films_meta (id int PRIMARY KEY REFERENCES films, note text);
CREATE TABLE genres (id serial PRIMARY KEY, n bigserial, name text);
CREATE TABLE countries (code char(2) NOT NULL UNIQUE, name text NOT NULL);
CREATE TABLE cities (id smallserial PRIMARY KEY, country char(2) NOT NULL REFERENCES countries (code), genre_id int REFERENCES genres);
CREATE TABLE seats (hall int NOT NULL, place int NOT NULL, note text, UNIQUE (hall, place));
CREATE TABLE tickets (id int PRIMARY KEY, hall int, place int, FOREIGN KEY (hall, place) REFERENCES seats (hall, place));
