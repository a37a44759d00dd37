-- +goose Up
CREATE TABLE providers (
  id      text PRIMARY KEY,
  name    text NOT NULL,
  website text NOT NULL,
  CONSTRAINT providers_id_length_check CHECK (char_length(id) <= 40),
  CONSTRAINT providers_id_format_check CHECK (id ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
  CONSTRAINT providers_name_length_check CHECK (char_length(name) BETWEEN 1 AND 80),
  CONSTRAINT providers_website_length_check CHECK (char_length(website) <= 200),
  CONSTRAINT providers_website_format_check CHECK (website ~ '^[A-Za-z][A-Za-z0-9+.-]*://[!-"$-.0->@-~][!-~]*$')
);

-- Prices are US dollars for a million tokens. A model keeps its latest price; what a run cost is in its row.
CREATE TABLE models (
  id             text PRIMARY KEY,
  provider_id    text NOT NULL REFERENCES providers (id) ON DELETE RESTRICT,
  name           text NOT NULL,
  input_price    numeric NOT NULL,
  output_price   numeric NOT NULL,
  context_window integer NOT NULL,
  max_output     integer NOT NULL,
  released       date NOT NULL,
  active         boolean NOT NULL DEFAULT true,
  CONSTRAINT models_id_length_check CHECK (char_length(id) <= 80),
  CONSTRAINT models_id_pattern_check CHECK (id ~ '^[a-z0-9]+([.-][a-z0-9]+)*$'),
  CONSTRAINT models_name_length_check CHECK (char_length(name) BETWEEN 1 AND 80),
  CONSTRAINT models_input_price_range_check CHECK (input_price >= 0),
  CONSTRAINT models_output_price_range_check CHECK (output_price >= 0),
  CONSTRAINT models_context_window_range_check CHECK (context_window >= 1),
  CONSTRAINT models_max_output_range_check CHECK (max_output >= 1)
);
CREATE INDEX models_provider_id_idx ON models (provider_id);

-- +goose Down
DROP TABLE models;
DROP TABLE providers;
