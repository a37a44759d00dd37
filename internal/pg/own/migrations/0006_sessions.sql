-- Log-ins of browsers. "ticket" is a digest of what the browser has in its cookie; "access" and "refresh" are the tokens of the issuer,
-- encrypted. The row lock makes replicas refresh a session once.
CREATE TABLE krowoc.sessions (
	id uuid PRIMARY KEY,
	ticket bytea NOT NULL UNIQUE,
	issuer text NOT NULL,
	uid text NOT NULL,
	method text NOT NULL,
	access bytea NOT NULL,
	refresh bytea NOT NULL,
	access_until timestamptz NOT NULL,
	address text NOT NULL,
	user_agent text NOT NULL,
	started_at timestamptz NOT NULL,
	seen_at timestamptz NOT NULL,
	until timestamptz NOT NULL
);
CREATE INDEX sessions_uid ON krowoc.sessions (uid);
CREATE INDEX sessions_until ON krowoc.sessions (until);
