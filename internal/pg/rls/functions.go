package rls

import (
	"strings"

	"github.com/krowoc/krowoc/internal/pg"
)

// claimFunctions are the names of the functions that tell who calls.
func claimFunctions(o Options) []string {
	list := []string{"claims", "uid", "uid_as_uuid", "uid_as_number", "roles", "logged_in_at", "tier"}
	if len(o.Subjects) > 0 {
		list = append(list, "sha1", "uuid_v5")
	}
	return list
}

// functions returns the functions that tell who calls. Claims that are not a JSON object, or that have no subject, are nobody's, as for the API.
// They must not fail a statement, which may be about public rows. PostgREST and Supabase set request.jwt.claims in each transaction. The API does so,
// too, and marks its own claims: an API key can have roles and no subject.
func functions(o Options) []string {
	list := []string{`CREATE OR REPLACE FUNCTION ` + Schema + `.claims() RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $krowoc$
DECLARE claims jsonb;
BEGIN
  claims := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
  RETURN CASE WHEN (jsonb_typeof(claims -> 'sub') = 'string' AND claims ->> 'sub' <> '') OR jsonb_typeof(claims -> '` + apiClaim + `') = 'object' THEN claims END;
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
  RETURN NULL;
END $krowoc$`,
		function("uid", "text", uidOf(o.Subjects)),
		function("uid_as_uuid", "uuid", `SELECT CASE WHEN u ~* '^([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\})$' THEN u::uuid END FROM CAST(`+Schema+`.uid() AS text) u`),
		function("uid_as_number", "numeric", `SELECT CASE WHEN u ~ '^[+-]?[0-9]{1,100}$' THEN u::numeric END FROM CAST(`+Schema+`.uid() AS text) u`),
		function("roles", "text[]", `SELECT coalesce(CASE jsonb_typeof(r)
    WHEN 'array' THEN ARRAY(SELECT e #>> '{}' FROM jsonb_array_elements(r) e WHERE jsonb_typeof(e) = 'string' AND e #>> '{}' <> '')
    WHEN 'string' THEN array_remove(ARRAY[r #>> '{}'], '')
  END, '{}')
  FROM `+Schema+`.claims() c, `+firstClaim(apiRolesClaim, o.Roles)+` r`),
		function("logged_in_at", "timestamptz", `SELECT CASE WHEN t BETWEEN 0 AND extract(epoch FROM now()) + 30 THEN to_timestamp(t::float8) END FROM (
    SELECT max(CASE jsonb_typeof(e) WHEN 'number' THEN (e #>> '{}')::numeric END) t FROM `+Schema+`.claims() c, LATERAL (
      SELECT c -> 'auth_time' e UNION ALL
      SELECT m -> 'timestamp' FROM jsonb_array_elements(CASE jsonb_typeof(c -> 'amr') WHEN 'array' THEN c -> 'amr' ELSE '[]' END) m
      WHERE m ->> 'method' IS DISTINCT FROM 'token_refresh') times) newest`),
		function("tier", "text", `SELECT CASE jsonb_typeof(t) WHEN 'string' THEN t #>> '{}' END FROM `+Schema+`.claims() c, `+firstClaim(apiTierClaim, o.Tiers)+` t`),
	}
	if len(o.Subjects) > 0 {
		list = append(list, sha1, uuidV5)
	}
	return list
}

func function(name, returns, body string) string {
	return "CREATE OR REPLACE FUNCTION " + Schema + "." + name + "() RETURNS " + returns + " LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $krowoc$" + returning(body) + "$krowoc$"
}

// returning returns the body of a function in PL/pgSQL that returns the value of a query. Postgres keeps the plans of such functions for a session;
// those in SQL it plans again in every statement.
func returning(query string) string {
	return "\n#variable_conflict use_column\nBEGIN\n  RETURN (" + query + ");\nEND\n"
}

// firstClaim returns SQL for the first claim that exists. What the API says comes before what issuers do.
func firstClaim(own string, paths []string) string {
	claims := []string{"c #> ARRAY['" + apiClaim + "', '" + own + "']"}
	for _, path := range paths {
		claims = append(claims, claimAt(path))
	}
	return "coalesce(" + strings.Join(claims, ", ") + ")"
}

// claimAt returns SQL for the claim at a dotted path. A claim whose own name is the path comes first.
func claimAt(path string) string {
	whole := "c -> " + pg.QuoteLiteral(path)
	if !strings.Contains(path, ".") {
		return whole
	}
	var parts []string
	for part := range strings.SplitSeq(path, ".") {
		parts = append(parts, pg.QuoteLiteral(part))
	}
	return "coalesce(" + whole + ", c #> ARRAY[" + strings.Join(parts, ", ") + "])"
}
