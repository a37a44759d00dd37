-- Answers of mutations that clients may send again under the same key. "id" is a hash of the caller and the key, "request" one of the operation.
CREATE TABLE krowoc.idempotency_keys (
	id bytea PRIMARY KEY,
	request bytea NOT NULL,
	answer text NOT NULL,
	at timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
CREATE INDEX idempotency_keys_at ON krowoc.idempotency_keys (at);
