-- reads      Label, LabelPrompt, Membership, Prompt, Team, User
-- writes     LabelPrompt, Prompt
-- per caller uid, roles
-- cost       1, at most 10000

-- step 1: write Prompt
-- $1 constant 00000000-0000-7000-8000-000000000001 as ID
-- $2 auth.uid as ID
-- $3 auth.roles
WITH "the written rows" AS (SELECT * FROM "prompts" t1 WHERE t1."id" = $1 AND (t1."owner_id" = $2 OR $3::text[] && ARRAY['admin']::text[])) SELECT t2."id"::text, coalesce(true, false) FROM "the written rows" t2

-- step 1: write LabelPrompt
-- $1 value 1 of the key of the written row
-- $2 constant 00000000-0000-7000-8000-000000000002 as ID
-- $3 value 1 of the key of the written row
WITH "the linked rows" AS (SELECT t6.* FROM "labels" t6, "prompts" t7 WHERE t7."id" = $1 AND EXISTS (SELECT FROM "labels_prompts" t8 WHERE t8."prompt_id" = t7."id" AND t8."label_id" = t6."id") AND (true) AND NOT ((t6."id" = $2))), "the written links" AS (DELETE FROM "labels_prompts" t10 USING "prompts" t9, "the linked rows" t11 WHERE t9."id" = $3 AND t10."prompt_id" = t9."id" AND t10."label_id" = t11."id") SELECT (ARRAY(SELECT "id"::text FROM "the linked rows" ORDER BY "the linked rows"."id"::text))::text, true

-- step 1: write LabelPrompt
-- $1 constant 00000000-0000-7000-8000-000000000002 as ID
-- $2 value 1 of the key of the written row
-- $3 constant 00000000-0000-7000-8000-000000000002 as ID
WITH "the linked rows" AS (SELECT t12.* FROM "labels" t12 WHERE ((t12."id" = $1)) AND (true)), "the written links" AS (INSERT INTO "labels_prompts" ("prompt_id", "label_id") SELECT t13."id", t14."id" FROM "prompts" t13, "the linked rows" t14 WHERE t13."id" = $2 ON CONFLICT DO NOTHING) SELECT (ARRAY(SELECT "id"::text FROM "the linked rows" ORDER BY "the linked rows"."id"::text))::text, EXISTS (SELECT FROM "the linked rows" WHERE ("the linked rows"."id" = $3))

-- step 1: apply the rules
-- $1 auth.uid as ID
-- $2 auth.roles
-- $3 value 2 of the key of the written row
-- $4 value 3 of the key of the written row
-- $5 value 1 of the key of the written row
SELECT coalesce(((t15."owner_id" = $1 OR $2::text[] && ARRAY['admin']::text[])) AND NOT EXISTS (SELECT FROM "labels" t16 WHERE t16."id" = ANY ($3) AND ((true)) IS NOT TRUE) AND NOT EXISTS (SELECT FROM "labels" t17 WHERE t17."id" = ANY ($4) AND ((true)) IS NOT TRUE), false) FROM "prompts" t15 WHERE t15."id" = $5

-- step 1: read Prompt
-- $1 value 1 of the key of the written row
-- $2 auth.uid as ID
-- $3 auth.uid as String
-- $4 auth.roles
SELECT coalesce((SELECT '{"id":' || coalesce('"' || t18."id"::text || '"', 'null') || '}' FROM "prompts" t18 WHERE t18."id" = $1 AND (t18."owner_id" = $2 OR (t18."visibility" = 'PUBLIC') OR ((t18."visibility" = 'TEAM') AND EXISTS (SELECT FROM "memberships" c1 WHERE c1."team_id" = t18."team_id" AND (c1."user_id" = $3::text))) OR $4::text[] && ARRAY['admin']::text[])), 'null')
