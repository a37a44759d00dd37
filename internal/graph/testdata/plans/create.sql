-- reads      Membership, Prompt, Team, User
-- writes     Prompt
-- per caller uid, roles
-- cost       3, at most 10000

-- step 1: write Prompt
-- $1 $d.title as String
-- $2 $d.body as String
-- $3 $d.tags as [String]
-- $4 $d.ownerId as ID
-- $5 $d.score as Int
-- $6 request.time
-- $7 auth.uid as ID
-- $8 auth.roles
WITH "the written rows" AS (INSERT INTO "prompts" ("title", "body", "tags", "owner_id", "score", "created_at") VALUES ($1, $2, $3, $4, $5, $6::timestamptz) RETURNING *) SELECT set_config('krowoc.key_1', t7."id"::text, true), CASE WHEN (t7."owner_id" = $7 OR $8::text[] && ARRAY['admin']::text[]) THEN true ELSE (left(t7."id"::text, 0) || 'the rules do not allow the written row')::boolean END FROM "the written rows" t7

-- step 1: read Prompt
-- $1 auth.uid as ID
-- $2 auth.uid as String
-- $3 auth.roles
SELECT coalesce((SELECT '{"id":' || coalesce('"' || t8."id"::text || '"', 'null') || ',"owner":' || coalesce((SELECT '{"name":' || coalesce(to_json(t9."name")::text, 'null') || '}' FROM "users" t9 WHERE t9."id" = t8."owner_id"), 'null') || '}' FROM "prompts" t8 WHERE t8."id" = nullif(current_setting('krowoc.key_1', true), '')::uuid AND (t8."owner_id" = $1 OR (t8."visibility" = 'PUBLIC') OR ((t8."visibility" = 'TEAM') AND EXISTS (SELECT FROM "memberships" c1 WHERE c1."team_id" = t8."team_id" AND (c1."user_id" = $2::text))) OR $3::text[] && ARRAY['admin']::text[])), 'null')
