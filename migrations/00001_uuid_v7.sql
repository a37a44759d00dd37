-- Time-ordered ids (UUID version 7, RFC 9562) keep new rows together in an index. Postgres has them of its
-- own from version 18 on; this works on every version and needs no extension.

-- +goose Up
CREATE FUNCTION uuid_generate_v7() RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE
AS $$
  -- A random UUID (version 4) whose first 48 bits become the milliseconds since 1970; bits 52 and 53 then
  -- make a 7 of the 4.
  SELECT encode(
    set_bit(
      set_bit(
        overlay(
          uuid_send(gen_random_uuid())
          PLACING substring(int8send(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
          FROM 1 FOR 6
        ),
        52, 1
      ),
      53, 1
    ),
    'hex'
  )::uuid
$$;

-- +goose Down
DROP FUNCTION uuid_generate_v7();
