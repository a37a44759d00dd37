-- +goose Up
CREATE TABLE prompt_versions (
  id         uuid PRIMARY KEY DEFAULT uuid_generate_v7(),
  prompt_id  uuid NOT NULL REFERENCES prompts (id) ON DELETE CASCADE,
  number     integer NOT NULL,
  title      text NOT NULL,
  body       text NOT NULL,
  parameters jsonb NOT NULL DEFAULT '{}',
  note       text NOT NULL DEFAULT '',
  author_id  text REFERENCES users (id) ON DELETE SET NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT prompt_versions_prompt_id_number_key UNIQUE (prompt_id, number),
  CONSTRAINT prompt_versions_number_range_check CHECK (number >= 1),
  CONSTRAINT prompt_versions_title_length_check CHECK (char_length(title) BETWEEN 1 AND 200),
  CONSTRAINT prompt_versions_body_length_check CHECK (char_length(body) BETWEEN 1 AND 50000),
  CONSTRAINT prompt_versions_note_length_check CHECK (char_length(note) <= 500)
);
CREATE INDEX prompt_versions_author_id_idx ON prompt_versions (author_id);

-- A version never changes; only its author may go, when the account is deleted.
-- +goose StatementBegin
CREATE FUNCTION prompt_versions_refuse_update() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
  without_author prompt_versions := OLD;
BEGIN
  without_author.author_id := NULL;
  IF NEW IS NOT DISTINCT FROM without_author THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'version % of prompt % cannot be changed', OLD.number, OLD.prompt_id
    USING ERRCODE = 'integrity_constraint_violation', HINT = 'Add a new version instead.';
END
$$;
-- +goose StatementEnd

CREATE TRIGGER prompt_versions_immutable
  BEFORE UPDATE ON prompt_versions
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)
  EXECUTE FUNCTION prompt_versions_refuse_update();

-- +goose Down
DROP TABLE prompt_versions;
DROP FUNCTION prompt_versions_refuse_update();
