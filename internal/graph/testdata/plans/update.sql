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
WITH "the written rows" AS (UPDATE "prompts" t1 SET "title" = $1, "score" = NULL WHERE t1."id" = $2 AND (t1."owner_id" = $3 OR $4::text[] && ARRAY['admin']::text[]) RETURNING t1.*) SELECT t2."id"::text, coalesce((t2."owner_id" = $3 OR $4::text[] && ARRAY['admin']::text[]), false) FROM "the written rows" t2

-- step 1: read Prompt
-- $1 value 1 of the key of the written row
-- $2 auth.uid as ID
-- $3 auth.uid as String
-- $4 auth.roles
SELECT coalesce((SELECT '{"title":' || coalesce(to_json(t6."title")::text, 'null') || '}' FROM "prompts" t6 WHERE t6."id" = $1 AND (t6."owner_id" = $2 OR (t6."visibility" = 'PUBLIC') OR ((t6."visibility" = 'TEAM') AND EXISTS (SELECT FROM "memberships" c1 WHERE c1."team_id" = t6."team_id" AND (c1."user_id" = $3::text))) OR $4::text[] && ARRAY['admin']::text[])), 'null')
