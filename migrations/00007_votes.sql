-- +goose Up
CREATE TABLE votes (
  user_id    text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  prompt_id  uuid NOT NULL REFERENCES prompts (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (user_id, prompt_id)
);
CREATE INDEX votes_prompt_id_idx ON votes (prompt_id);

-- The count lives in the prompt, so that the most popular prompts are one index scan.
-- +krowoc ignore add-check: the platform was not in use yet when this file was written
ALTER TABLE prompts
  ADD COLUMN vote_count integer NOT NULL DEFAULT 0,
  ADD CONSTRAINT prompts_vote_count_range_check CHECK (vote_count >= 0);
-- +krowoc ignore create-index: the platform was not in use yet when this file was written
CREATE INDEX prompts_visibility_status_vote_count_id_idx ON prompts (visibility, status, vote_count DESC, id DESC);

-- Adding to the stored value under the row's lock counts right however many people vote at once.
-- +goose StatementBegin
CREATE FUNCTION votes_count() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  IF TG_OP IN ('DELETE', 'UPDATE') THEN
    UPDATE prompts SET vote_count = vote_count - 1 WHERE id = OLD.prompt_id;
  END IF;
  IF TG_OP IN ('INSERT', 'UPDATE') THEN
    UPDATE prompts SET vote_count = vote_count + 1 WHERE id = NEW.prompt_id;
  END IF;
  RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER votes_count
  AFTER INSERT OR DELETE OR UPDATE OF prompt_id ON votes
  FOR EACH ROW EXECUTE FUNCTION votes_count();

-- +goose Down
DROP TABLE votes;
DROP FUNCTION votes_count();
DROP INDEX prompts_visibility_status_vote_count_id_idx;
ALTER TABLE prompts DROP COLUMN vote_count;
