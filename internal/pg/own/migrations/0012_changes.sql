-- What changed in the tables of types with @live: one row for each statement, written by the triggers of the tables in the transaction of the
-- statement. "rows" has the keys of the rows, with some values before and after; it is null if any row can have changed. Rows are kept for 20 to 40
-- minutes: a slot takes the rows of ten minutes, and is emptied as a whole before its next turn. After a crash of Postgres the table is empty, which
-- all readers notice by their lost connections.
CREATE SEQUENCE krowoc.changes_position AS bigint;

CREATE TABLE krowoc.changes (
	position bigint NOT NULL DEFAULT nextval('krowoc.changes_position'),
	transaction xid8 NOT NULL DEFAULT pg_current_xact_id(),
	slot smallint NOT NULL,
	table_name text NOT NULL,
	operation text NOT NULL,
	rows jsonb
) PARTITION BY LIST (slot);
CREATE UNLOGGED TABLE krowoc.changes_0 PARTITION OF krowoc.changes FOR VALUES IN (0);
CREATE UNLOGGED TABLE krowoc.changes_1 PARTITION OF krowoc.changes FOR VALUES IN (1);
CREATE UNLOGGED TABLE krowoc.changes_2 PARTITION OF krowoc.changes FOR VALUES IN (2);
CREATE UNLOGGED TABLE krowoc.changes_3 PARTITION OF krowoc.changes FOR VALUES IN (3);
CREATE INDEX changes_transaction ON krowoc.changes (transaction);

-- All transactions before "horizon" had ended at "at".
CREATE TABLE krowoc.changes_slots (
	slot smallint PRIMARY KEY,
	horizon xid8 NOT NULL,
	at timestamptz NOT NULL
);

CREATE FUNCTION krowoc.changes_slot(ahead integer) RETURNS smallint LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
	AS $$ SELECT ((floor(extract(epoch FROM clock_timestamp()) / 600)::bigint + ahead) % 4)::smallint $$;

-- The part of a row that is noted.
CREATE FUNCTION krowoc.changes_values(whole jsonb, columns text[]) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	AS $$ SELECT coalesce(jsonb_object_agg(name, whole -> name), '{}') FROM unnest(columns) AS c (name) $$;

-- The triggers of a table pass the columns of its key and those of conditions. A column that no longer exists fails no write.
CREATE FUNCTION krowoc.note_changes() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	most CONSTANT integer := 1000;
	changed bigint := 0;
	noted jsonb;
BEGIN
	IF TG_OP = 'INSERT' OR TG_OP = 'UPDATE' THEN
		SELECT count(*) INTO changed FROM (SELECT FROM krowoc_new LIMIT most + 1) AS x;
	ELSIF TG_OP = 'DELETE' THEN
		SELECT count(*) INTO changed FROM (SELECT FROM krowoc_old LIMIT most + 1) AS x;
	END IF;
	IF changed = 0 AND TG_OP <> 'TRUNCATE' THEN
		RETURN NULL;
	END IF;
	IF changed BETWEEN 1 AND most THEN
		IF TG_OP = 'INSERT' THEN
			SELECT jsonb_agg(jsonb_build_object('key', krowoc.changes_values(r, TG_ARGV[0]::text[]), 'new', krowoc.changes_values(r, TG_ARGV[1]::text[])))
				INTO noted FROM (SELECT to_jsonb(x) FROM krowoc_new AS x) AS n (r);
		ELSIF TG_OP = 'DELETE' THEN
			SELECT jsonb_agg(jsonb_build_object('key', krowoc.changes_values(r, TG_ARGV[0]::text[]), 'old', krowoc.changes_values(r, TG_ARGV[1]::text[])))
				INTO noted FROM (SELECT to_jsonb(x) FROM krowoc_old AS x) AS o (r);
		ELSE
			SELECT jsonb_agg(jsonb_build_object('key', coalesce(n.key, o.key))
					|| CASE WHEN o.key IS NULL THEN '{}' ELSE jsonb_build_object('old', o.noted) END
					|| CASE WHEN n.key IS NULL THEN '{}' ELSE jsonb_build_object('new', n.noted) END)
				INTO noted
				FROM (SELECT krowoc.changes_values(to_jsonb(x), TG_ARGV[0]::text[]), krowoc.changes_values(to_jsonb(x), TG_ARGV[1]::text[]) FROM krowoc_old AS x) AS o (key, noted)
				FULL JOIN (SELECT krowoc.changes_values(to_jsonb(x), TG_ARGV[0]::text[]), krowoc.changes_values(to_jsonb(x), TG_ARGV[1]::text[]) FROM krowoc_new AS x) AS n (key, noted)
				ON o.key = n.key;
		END IF;
	END IF;
	INSERT INTO krowoc.changes (slot, table_name, operation, rows) VALUES (krowoc.changes_slot(0), TG_TABLE_NAME, TG_OP, noted);
	RETURN NULL;
END $$;

-- Empties the slot that is next. Everybody who reads every few seconds has seen its rows: their transactions had ended a minute ago. It never waits
-- for a transaction that has rows in the slot.
CREATE FUNCTION krowoc.empty_changes() RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '50ms' AS $$
DECLARE
	next CONSTANT smallint := krowoc.changes_slot(1);
	part CONSTANT text := 'krowoc.changes_' || next;
	known krowoc.changes_slots;
	found_any boolean;
BEGIN
	EXECUTE 'SELECT EXISTS (SELECT FROM ' || part || ')' INTO found_any;
	IF NOT found_any THEN
		RETURN false;
	END IF;
	SELECT * INTO known FROM krowoc.changes_slots WHERE slot = next FOR UPDATE SKIP LOCKED;
	IF known.slot IS NULL THEN
		INSERT INTO krowoc.changes_slots VALUES (next, pg_snapshot_xmin(pg_current_snapshot()), clock_timestamp()) ON CONFLICT DO NOTHING;
		RETURN false;
	END IF;
	IF known.at > clock_timestamp() - interval '1 minute' THEN
		RETURN false;
	END IF;
	EXECUTE 'LOCK TABLE ' || part || ' IN ACCESS EXCLUSIVE MODE';
	EXECUTE 'SELECT EXISTS (SELECT FROM ' || part || ' WHERE transaction >= $1)' INTO found_any USING known.horizon;
	IF found_any THEN
		UPDATE krowoc.changes_slots SET horizon = pg_snapshot_xmin(pg_current_snapshot()), at = clock_timestamp() WHERE slot = next;
		RETURN false;
	END IF;
	EXECUTE 'TRUNCATE ' || part;
	DELETE FROM krowoc.changes_slots WHERE slot = next;
	RETURN true;
EXCEPTION WHEN lock_not_available THEN
	RETURN false;
END $$;

GRANT EXECUTE ON FUNCTION krowoc.note_changes(), krowoc.empty_changes() TO PUBLIC;
