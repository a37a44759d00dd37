-- reads      Membership, Prompt, Team, User
-- writes     Membership, Prompt
-- per caller uid, roles
-- cost       4 + 2 × 3 + 20 × 1, at most 10000

-- step 1: write Prompt
-- $1 constant x as String
-- $2 auth.uid as ID
-- $3 auth.roles
-- $4 auth.uid as String
-- $5 constant PRIVATE as Visibility
WITH "the written rows" AS (UPDATE "prompts" t1 SET "title" = $1 WHERE (t1."owner_id" = $2 OR $3::text[] && ARRAY['admin']::text[]) AND (t1."owner_id" = $2 OR (t1."visibility" = 'PUBLIC') OR ((t1."visibility" = 'TEAM') AND EXISTS (SELECT FROM "memberships" c1 WHERE c1."team_id" = t1."team_id" AND (c1."user_id" = $4::text))) OR $3::text[] && ARRAY['admin']::text[]) AND (t1."visibility" = $5) RETURNING t1.*) SELECT (ARRAY(SELECT t3."id"::text FROM "the written rows" t3 ORDER BY t3."id" LIMIT 100))::text, count(*)::text, coalesce(bool_and(coalesce((t2."owner_id" = $2 OR $3::text[] && ARRAY['admin']::text[]), false)), true) FROM "the written rows" t2

-- step 1: read Prompt
-- $1 value 2 of the key of the written row
-- $2 value 1 of the key of the written row
-- $3 auth.uid as ID
-- $4 auth.uid as String
-- $5 auth.roles
SELECT '{"count":' || $1::text || ',"nodes":' || (SELECT '[' || coalesce(string_agg('{"id":' || coalesce('"' || t7."id"::text || '"', 'null') || ',"owner":' || coalesce((SELECT '{"name":' || coalesce(to_json(t8."name")::text, 'null') || '}' FROM "users" t8 WHERE t8."id" = t7."owner_id"), 'null') || '}', ',' ORDER BY t7."id"), '') || ']' FROM (SELECT t7."id", t7."owner_id" FROM "prompts" t7 WHERE t7."id" = ANY ($2) AND (t7."owner_id" = $3 OR (t7."visibility" = 'PUBLIC') OR ((t7."visibility" = 'TEAM') AND EXISTS (SELECT FROM "memberships" c1 WHERE c1."team_id" = t7."team_id" AND (c1."user_id" = $4::text))) OR $5::text[] && ARRAY['admin']::text[]) ORDER BY t7."id" LIMIT 2) t7) || '}'

-- step 2: write Membership
-- $1 auth.uid as ID
-- $2 auth.roles
-- $3 constant MEMBER as Role
WITH "the written rows" AS (DELETE FROM "memberships" t9 WHERE (t9."user_id" = $1 OR $2::text[] && ARRAY['admin']::text[]) AND (t9."role" = $3) RETURNING t9.*) SELECT '{"count":' || (SELECT count(*)::text FROM "the written rows") || ',"nodes":' || (SELECT '[' || coalesce(string_agg('{"role":' || coalesce('"' || t10."role"::text || '"', 'null') || '}', ',' ORDER BY t10."user_id", t10."team_id"), '') || ']' FROM (SELECT t10."role", t10."user_id", t10."team_id" FROM "memberships" t10 WHERE (t10."user_id", t10."team_id") IN (SELECT "user_id", "team_id" FROM "the written rows") AND (t10."user_id" = $1 OR $2::text[] && ARRAY['admin']::text[]) ORDER BY t10."user_id", t10."team_id" LIMIT 20) t10) || '}', true
