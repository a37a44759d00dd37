-- Product events of mutations until they are sent. "id" is a UUID of version 7, in the order of time, by which the receiver knows an event again.
CREATE TABLE krowoc.outbox (
	id uuid PRIMARY KEY,
	event text NOT NULL,
	distinct_id text NOT NULL,
	properties jsonb NOT NULL,
	at timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
