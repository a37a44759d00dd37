-- reads      Membership, Team, User
-- writes     Prompt
-- per caller uid, roles
-- cost       2 + 2 × 3, at most 10000

-- step 1: write Prompt
-- $1 constant a as String
-- $2 constant b as String
-- $3 constant ada as ID
-- $4 request.time
-- $5 constant c as String
-- $6 constant d as String
-- $7 constant ada as ID
-- $8 constant TEAM as Visibility
-- $9 auth.uid as ID
-- $10 auth.roles
WITH "the written rows" AS (INSERT INTO "prompts" ("title", "body", "owner_id", "created_at", "visibility") VALUES ($1, $2, $3, $4::timestamptz, DEFAULT), ($5, $6, $7, $4::timestamptz, $8) RETURNING *) SELECT coalesce(array_agg(t1."id"::text ORDER BY t1."row number")::text, '{}'), count(*)::text, coalesce(bool_and(coalesce((t1."owner_id" = $9 OR $10::text[] && ARRAY['admin']::text[]), false)), true) FROM (SELECT *, row_number() OVER () AS "row number" FROM "the written rows") t1

-- step 1: read Prompt
-- $1 value 2 of the key of the written row
-- $2 value 1 of the key of the written row
-- $3 value 1 of the key of the written row
-- $4 auth.uid as ID
-- $5 auth.uid as String
-- $6 auth.roles
SELECT '{"count":' || $1::text || ',"nodes":' || (SELECT '[' || coalesce(string_agg('{"title":' || coalesce(to_json(t2."title")::text, 'null') || ',"owner":' || coalesce((SELECT '{"name":' || coalesce(to_json(t3."name")::text, 'null') || '}' FROM "users" t3 WHERE t3."id" = t2."owner_id"), 'null') || '}', ',' ORDER BY t2."computed 1"), '') || ']' FROM (SELECT t2."title", t2."owner_id", ((SELECT given.n FROM unnest($2::text[]) WITH ORDINALITY given (k0, n) WHERE given.k0 = t2."id"::text)) AS "computed 1" FROM "prompts" t2 WHERE t2."id" = ANY ($3) AND (t2."owner_id" = $4 OR (t2."visibility" = 'PUBLIC') OR ((t2."visibility" = 'TEAM') AND EXISTS (SELECT FROM "memberships" c1 WHERE c1."team_id" = t2."team_id" AND (c1."user_id" = $5::text))) OR $6::text[] && ARRAY['admin']::text[]) ORDER BY (SELECT given.n FROM unnest($2::text[]) WITH ORDINALITY given (k0, n) WHERE given.k0 = t2."id"::text) LIMIT 2) t2) || '}'
