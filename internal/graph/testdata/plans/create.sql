-- reads      Membership, Prompt, Team, User
-- writes     Prompt
-- per caller uid, roles
-- cost       3, at most 10000

-- step 1: write Prompt
-- $1 $d.title as String
-- $2 $d.body as String
-- $3 $d.tags as [String]
-- $4 $d.score as Int
-- $5 request.time
-- $6 auth.uid as ID
-- $7 auth.roles
WITH "the written rows" AS (INSERT INTO "prompts" ("title", "body", "tags", "score", "created_at") VALUES ($1, $2, $3, $4, $5::timestamptz) RETURNING *) SELECT t1."id"::text, coalesce((t1."owner_id" = $6 OR $7::text[] && ARRAY['admin']::text[]), false) FROM "the written rows" t1

-- step 1: read Prompt
-- $1 value 1 of the key of the written row
-- $2 auth.uid as ID
-- $3 auth.uid as String
-- $4 auth.roles
SELECT coalesce((SELECT '{"id":' || coalesce('"' || t5."id"::text || '"', 'null') || ',"owner":' || coalesce((SELECT '{"name":' || coalesce(to_json(t6."name")::text, 'null') || '}' FROM "users" t6 WHERE t6."id" = t5."owner_id"), 'null') || '}' FROM "prompts" t5 WHERE t5."id" = $1 AND (t5."owner_id" = $2 OR (t5."visibility" = 'PUBLIC') OR ((t5."visibility" = 'TEAM') AND EXISTS (SELECT FROM "memberships" c1 WHERE c1."team_id" = t5."team_id" AND (c1."user_id" = $3::text))) OR $4::text[] && ARRAY['admin']::text[])), 'null')
