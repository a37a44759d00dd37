-- What counts no longer: sessions, API keys and keys of issuers. Each replica of the server reads the new rows by their position.
CREATE TABLE krowoc.revocations (
	position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	kind text NOT NULL CHECK (kind IN ('session', 'key', 'kid')),
	value text NOT NULL CHECK (value <> ''),
	at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT ON krowoc.revocations TO PUBLIC;

-- A position is assigned before its row can be seen. If two transactions inserted at the same time, the higher position could be visible
-- first, and a reader would never see the lower one. The lock lets one transaction at a time insert until it ends. A trigger also covers
-- rows that people insert by hand; that of a statement runs before the position is assigned. Revocations are rare, so nobody waits long.
CREATE FUNCTION krowoc.order_revocations() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('krowoc.revocations', 0));
	RETURN NULL;
END $$;
CREATE TRIGGER order_revocations BEFORE INSERT ON krowoc.revocations FOR EACH STATEMENT EXECUTE FUNCTION krowoc.order_revocations();

-- The API keys of machines. "hash" is the SHA-256 of a key; "id" is its beginning, so that a key that was found somewhere can be looked up.
-- Without operations or types, a key is for all of them.
CREATE TABLE krowoc.api_keys (
	id text PRIMARY KEY,
	hash bytea NOT NULL UNIQUE,
	name text NOT NULL,
	uid text NOT NULL DEFAULT '',
	roles text[] NOT NULL DEFAULT '{}',
	service boolean NOT NULL DEFAULT false,
	operations text[],
	types text[],
	created_at timestamptz NOT NULL DEFAULT now(),
	expires_at timestamptz,
	last_used_at timestamptz,
	revoked_at timestamptz,
	CHECK (service OR uid <> '' OR cardinality(roles) > 0)
);

-- The server verifies keys with these functions. They run as their owner, so that the role of the server cannot list keys or create one.
CREATE FUNCTION krowoc.api_key(digest bytea) RETURNS SETOF krowoc.api_keys LANGUAGE sql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS $$ SELECT * FROM krowoc.api_keys WHERE hash = digest $$;
CREATE FUNCTION krowoc.use_api_key(digest bytea) RETURNS void LANGUAGE sql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS $$ UPDATE krowoc.api_keys SET last_used_at = now() WHERE hash = digest AND (last_used_at < now() - interval '1 minute') IS NOT FALSE $$;
