-- reads      Membership, Prompt, Team, User
-- writes     Prompt
-- per caller uid, roles
-- cost       1, at most 10000
-- __typename: "Mutation"

-- step 1: write Prompt
-- $1 constant New as String
-- $2 constant 00000000-0000-7000-8000-000000000001 as ID
-- $3 auth.uid as ID
-- $4 auth.roles
WITH "the written rows" AS (UPDATE "prompts" t7 SET "title" = $1, "score" = NULL WHERE t7."id" = $2 AND (t7."owner_id" = $3 OR $4::text[] && ARRAY['admin']::text[]) RETURNING t7.*) SELECT set_config('krowoc.key_1', t8."id"::text, true), CASE WHEN (t8."owner_id" = $3 OR $4::text[] && ARRAY['admin']::text[]) THEN true ELSE (left(t8."id"::text, 0) || 'the rules do not allow the written row')::boolean END FROM "the written rows" t8

-- step 1: read Prompt
-- $1 auth.uid as ID
-- $2 auth.uid as String
-- $3 auth.roles
SELECT coalesce((SELECT '{"title":' || coalesce(to_json(t9."title")::text, 'null') || '}' FROM "prompts" t9 WHERE t9."id" = nullif(current_setting('krowoc.key_1', true), '')::uuid AND (t9."owner_id" = $1 OR (t9."visibility" = 'PUBLIC') OR ((t9."visibility" = 'TEAM') AND EXISTS (SELECT FROM "memberships" c1 WHERE c1."team_id" = t9."team_id" AND (c1."user_id" = $2::text))) OR $3::text[] && ARRAY['admin']::text[])), 'null')
