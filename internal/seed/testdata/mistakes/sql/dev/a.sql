-- é
CREATE VIEW a AS SELECT 'BEGIN; \d' AS x; begin;
CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;
DO $$ BEGIN PERFORM 1; END $$;
\i other.sql
COPY users (id, name) FROM stdin WITH (FORMAT csv);
COPY users FROM '/tmp/x'; PREPARE p AS SELECT 1; /* x */ PREPARE TRANSACTION 'x';
ROLLBACK TO SAVEPOINT x; End; start transaction; Release x; ABORT; COMMIT
