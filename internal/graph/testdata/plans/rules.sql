-- reads      Membership, Prompt, Team, User
-- writes     nothing
-- per caller uid, roles
-- cost       3 + 20 × 3, at most 10000
-- $1 auth.uid as ID
-- $2 auth.roles
-- $3 auth.uid as String
-- $4 constant x as String
SELECT (SELECT '{"nodes":[' || coalesce(string_agg('{"title":' || coalesce(to_json(t1."title")::text, 'null') || ',"owner":' || coalesce((SELECT '{"email":' || CASE WHEN ((t2."id" = $1 OR $2::text[] && ARRAY['support']::text[])) THEN coalesce(to_json(t2."email")::text, 'null') ELSE 'null' END || '}' FROM "users" t2 WHERE t2."id" = t1."owner_id"), 'null') || '}', ',' ORDER BY t1."id"), '') || '],"totalCount":' || (SELECT count(*)::text FROM "prompts" t1 WHERE (t1."owner_id" = $1 OR (t1."visibility" = 'PUBLIC') OR ((t1."visibility" = 'TEAM') AND EXISTS (SELECT FROM "memberships" c1 WHERE c1."team_id" = t1."team_id" AND (c1."user_id" = $3::text))) OR $2::text[] && ARRAY['admin']::text[])) || '}' FROM (SELECT t1."title", t1."owner_id", t1."id" FROM "prompts" t1 WHERE (t1."owner_id" = $1 OR (t1."visibility" = 'PUBLIC') OR ((t1."visibility" = 'TEAM') AND EXISTS (SELECT FROM "memberships" c1 WHERE c1."team_id" = t1."team_id" AND (c1."user_id" = $3::text))) OR $2::text[] && ARRAY['admin']::text[]) ORDER BY t1."id" LIMIT 20) t1),
  (SELECT '{"totalCount":' || (SELECT count(*)::text FROM "users" t3 WHERE ((t3."id" = $1 OR $2::text[] && ARRAY['support']::text[]) AND (t3."email" = $4))) || '}')
