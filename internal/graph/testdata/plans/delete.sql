-- reads      Membership, Prompt, Team, User
-- writes     Execution, LabelPrompt, Prompt
-- per caller uid, roles
-- cost       1, at most 10000

-- step 1: read Prompt
-- $1 $id as ID
-- $2 auth.uid as ID
-- $3 auth.uid as String
-- $4 auth.roles
SELECT coalesce((SELECT '{"title":' || coalesce(to_json(t2."title")::text, 'null') || '}' FROM "prompts" t2 WHERE t2."id" = $1 AND (t2."owner_id" = $2 OR (t2."visibility" = 'PUBLIC') OR ((t2."visibility" = 'TEAM') AND EXISTS (SELECT FROM "memberships" c1 WHERE c1."team_id" = t2."team_id" AND (c1."user_id" = $3::text))) OR $4::text[] && ARRAY['admin']::text[])), 'null')

-- step 1: write Prompt
-- $1 $id as ID
-- $2 auth.uid as ID
-- $3 auth.roles
DELETE FROM "prompts" t1 WHERE t1."id" = $1 AND (t1."owner_id" = $2 OR $3::text[] && ARRAY['admin']::text[]) RETURNING t1."id"::text, true
