-- reads      Membership, Prompt, Team, User
-- writes     Prompt
-- per caller uid, roles
-- cost       1, at most 10000

-- step 1: write Prompt
-- $1 auth.uid as ID
-- $2 auth.roles
-- $3 constant 00000000-0000-7000-8000-0000000a0001 as ID
-- $4 constant a as String
-- $5 constant b as String
-- $6 constant ada as ID
-- $7 request.time
-- $8 constant 00000000-0000-7000-8000-0000000a0001 as ID
-- $9 constant a as String
-- $10 constant b as String
-- $11 constant ada as ID
WITH "the proposed row" AS (SELECT t5.*, coalesce((t5."owner_id" = $1 OR $2::text[] && ARRAY['admin']::text[]), false) AS "allowed by the rules" FROM (SELECT t4.* FROM (SELECT CASE WHEN true THEN $3 ELSE t3."id" END AS "id", CASE WHEN true THEN $4 ELSE t3."title" END AS "title", CASE WHEN true THEN $5 ELSE t3."body" END AS "body", CASE WHEN true THEN '{}' ELSE t3."tags" END AS "tags", CASE WHEN true THEN 'PRIVATE' ELSE t3."visibility" END AS "visibility", CASE WHEN true THEN $6 ELSE t3."owner_id" END AS "owner_id", t3."team_id", t3."score", t3."cost", t3."rating", t3."parameters", CASE WHEN true THEN $7::timestamptz ELSE t3."created_at" END AS "created_at" FROM (SELECT (NULL::"prompts").*) t3) t4) t5), "the written rows" AS (INSERT INTO "prompts" AS t1 ("id", "title", "body", "owner_id", "created_at") VALUES ($8, $9, $10, $11, $7::timestamptz) ON CONFLICT ("id") DO UPDATE SET "title" = excluded."title" WHERE ((t1."owner_id" = $1 OR $2::text[] && ARRAY['admin']::text[])) RETURNING t1.*, t1.xmax = 0 AS "is new") SELECT t2."id"::text, t2."is new"::text, coalesce(CASE WHEN t2."is new" THEN (t2."owner_id" = $1 OR $2::text[] && ARRAY['admin']::text[]) ELSE ((t2."owner_id" = $1 OR $2::text[] && ARRAY['admin']::text[])) AND (SELECT "allowed by the rules" FROM "the proposed row") END, false) FROM "the written rows" t2

-- step 1: read Prompt
-- $1 value 1 of the key of the written row
-- $2 auth.uid as ID
-- $3 auth.uid as String
-- $4 auth.roles
SELECT coalesce((SELECT '{"title":' || coalesce(to_json(t12."title")::text, 'null') || '}' FROM "prompts" t12 WHERE t12."id" = $1 AND (t12."owner_id" = $2 OR (t12."visibility" = 'PUBLIC') OR ((t12."visibility" = 'TEAM') AND EXISTS (SELECT FROM "memberships" c1 WHERE c1."team_id" = t12."team_id" AND (c1."user_id" = $3::text))) OR $4::text[] && ARRAY['admin']::text[])), 'null')
