-- Errors of servers: one row for each place and kind, with texts that contain no values of users. "samples" has the newest occurrences.
CREATE TABLE krowoc.errors (
	fingerprint text PRIMARY KEY,
	category text NOT NULL,
	edge text NOT NULL,
	place text NOT NULL,
	message text NOT NULL,
	first_seen timestamptz NOT NULL,
	last_seen timestamptz NOT NULL,
	first_release text NOT NULL,
	last_release text NOT NULL,
	count bigint NOT NULL,
	samples jsonb NOT NULL DEFAULT '[]'
);
CREATE INDEX errors_last_seen ON krowoc.errors (last_seen);

-- How often each error occurred: by minute, and by hour for minutes that are some hours old.
CREATE TABLE krowoc.error_counts (
	fingerprint text NOT NULL REFERENCES krowoc.errors ON DELETE CASCADE,
	at timestamptz NOT NULL,
	count bigint NOT NULL,
	PRIMARY KEY (fingerprint, at)
);
CREATE INDEX error_counts_at ON krowoc.error_counts (at);
