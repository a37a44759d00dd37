-- The tables that commands share. Earlier releases kept them in the schemas of users, under longer names: their rows move here.

-- Who is migrating behind a pooler in transaction mode, where an advisory lock of a session holds nothing.
CREATE TABLE krowoc.migration_lease (
	id boolean PRIMARY KEY DEFAULT true CHECK (id),
	token uuid NOT NULL,
	application text NOT NULL,
	host text NOT NULL,
	pid integer NOT NULL,
	since timestamptz NOT NULL,
	expires timestamptz NOT NULL
);

-- How far a migration file without a transaction came, until it ends. "schema" is that of the table of versions: projects that share a
-- database through schemas of their own do not mix.
CREATE TABLE krowoc.migration_progress (
	schema text NOT NULL,
	version_id bigint NOT NULL,
	direction text NOT NULL,
	finished integer NOT NULL,
	begun integer NOT NULL,
	sum text NOT NULL,
	message text NOT NULL DEFAULT '',
	tstamp timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (schema, version_id)
);

-- What seeds have loaded.
CREATE TABLE krowoc.seeds (
	kind text NOT NULL,
	set text NOT NULL DEFAULT '',
	name text NOT NULL,
	digest text NOT NULL,
	done bigint NOT NULL DEFAULT 0,
	total bigint NOT NULL DEFAULT 0,
	basis text NOT NULL DEFAULT '',
	loaded_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (kind, name, digest)
);

-- Changes that a development session has made in the tables and that no migration contains yet.
CREATE TABLE krowoc.unsaved (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	up text[] NOT NULL,
	down text[] NOT NULL,
	at timestamptz NOT NULL DEFAULT now()
);

DO $krowoc$
DECLARE
	old record;
	permission record;
BEGIN
	-- A table with one of the names but other columns is somebody else's. Of several with the same name, the one that the search path
	-- finds comes first.
	FOR old IN
		SELECT c.oid, c.oid::regclass AS at, n.nspname AS schema, t.target, t.source, t.filter
		FROM (VALUES
			('krowoc_migration_lease', 'migration_lease', 'old.*', 'WHERE expires > now()',
				'id boolean, token uuid, application text, host text, pid integer, since timestamp with time zone, expires timestamp with time zone'),
			('krowoc_migration_progress', 'migration_progress', '%L, old.*', '',
				'version_id bigint, direction text, finished integer, begun integer, sum text, message text, tstamp timestamp with time zone'),
			('krowoc_seeds', 'seeds', 'old.*', '',
				'kind text, set text, name text, digest text, done bigint, total bigint, basis text, loaded_at timestamp with time zone'),
			('krowoc_unsaved', 'unsaved', 'old.*', 'ORDER BY id',
				'id bigint, up text[], down text[], at timestamp with time zone')
		) AS t (name, target, source, filter, columns)
		JOIN pg_class c ON c.relname = t.name AND c.relkind = 'r'
		JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname NOT LIKE 'pg\_%' AND t.columns = (SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum)
			FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
		ORDER BY t.target, c.oid = to_regclass(t.name) DESC NULLS LAST, n.nspname
	LOOP
		EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', old.at);
		EXECUTE format('INSERT INTO krowoc.%I OVERRIDING SYSTEM VALUE SELECT ' || old.source || ' FROM %s AS old %s ON CONFLICT DO NOTHING',
			VARIADIC CASE old.target WHEN 'migration_progress' THEN ARRAY[old.target, old.schema, old.at::text, old.filter] ELSE ARRAY[old.target, old.at::text, old.filter] END);
		FOR permission IN
			SELECT a.privilege_type AS what, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS whom
			FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = old.oid AND a.grantee <> c.relowner
		LOOP
			EXECUTE format('GRANT %s ON krowoc.%I TO %s', permission.what, old.target, permission.whom);
		END LOOP;
		EXECUTE format('DROP TABLE %s', old.at);
	END LOOP;
	PERFORM setval(pg_get_serial_sequence('krowoc.unsaved', 'id'), max(id)) FROM krowoc.unsaved HAVING max(id) IS NOT NULL;
END $krowoc$;
