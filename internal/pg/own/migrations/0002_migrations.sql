-- From which file each version was applied. "versions" is the table of versions with its schema, and "row_id" the row there: a row that
-- goose or an earlier release has made is not known here.
CREATE TABLE krowoc.migrations (
	versions text NOT NULL,
	version_id bigint NOT NULL,
	row_id bigint NOT NULL,
	name text NOT NULL,
	sum text NOT NULL,
	PRIMARY KEY (versions, version_id)
);
GRANT SELECT ON krowoc.migrations TO PUBLIC;

-- Who may record progress may record this as well.
DO $krowoc$
DECLARE
	permission record;
BEGIN
	FOR permission IN
		SELECT a.privilege_type AS what, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS whom
		FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = 'krowoc.migration_progress'::regclass AND a.grantee <> c.relowner
	LOOP
		EXECUTE format('GRANT %s ON krowoc.migrations TO %s', permission.what, permission.whom);
	END LOOP;
END $krowoc$;
