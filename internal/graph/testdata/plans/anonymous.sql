-- reads      Membership, Prompt, Team, User
-- writes     nothing
-- per caller nothing
-- cost       1 + 20 × 6, at most 10000
SELECT (SELECT '{"nodes":[' || coalesce(string_agg('{"title":' || coalesce(to_json(t1."title")::text, 'null') || ',"owner":' || coalesce((SELECT '{"email":null}' FROM "users" t2 WHERE t2."id" = t1."owner_id"), 'null') || ',"team":' || coalesce((SELECT '{"memberships":' || (SELECT '{"totalCount":' || (SELECT count(*)::text FROM "memberships" t4 WHERE t4."team_id" = t3."id" AND false) || '}') || '}' FROM "teams" t3 WHERE t3."id" = t1."team_id"), 'null') || '}', ',' ORDER BY t1."id"), '') || ']}' FROM (SELECT t1."title", t1."owner_id", t1."team_id", t1."id" FROM "prompts" t1 WHERE (t1."visibility" = 'PUBLIC') ORDER BY t1."id" LIMIT 20) t1)
