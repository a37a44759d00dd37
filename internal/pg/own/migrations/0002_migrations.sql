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
