-- The API orders rows whose key it hides by a keyed hash of the key. It must be the same in all processes, and nobody who guesses a key may
-- be able to compute it. The function runs as its owner, so that the role of the server cannot read the secret.
CREATE TABLE krowoc.secrets (
	name text PRIMARY KEY,
	value bytea NOT NULL
);
INSERT INTO krowoc.secrets VALUES ('blind_index', sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())));

CREATE FUNCTION krowoc.blind_index(key text) RETURNS text LANGUAGE sql STABLE STRICT PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS $$ SELECT encode(sha256(value || sha256(convert_to(key, 'UTF8'))), 'hex') FROM krowoc.secrets WHERE name = 'blind_index' $$;
