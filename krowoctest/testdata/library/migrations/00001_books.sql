-- +goose Up
CREATE TABLE books (id integer PRIMARY KEY, title text NOT NULL);

-- +goose Down
DROP TABLE books;
