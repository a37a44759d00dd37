-- reads      Prompt, User
-- writes     nothing
-- per caller nothing
-- cost       1 + 10 × 6, at most 10000
SELECT (SELECT '{"nodes":[' || coalesce(string_agg('{"id":' || coalesce('"' || t1."id"::text || '"', 'null') || ',"title":' || coalesce(to_json(t1."title")::text, 'null') || ',"tags":' || coalesce(to_json(t1."tags")::text, 'null') || ',"createdAt":' || coalesce(CASE WHEN t1."created_at" >= '0001-01-01Z' AND t1."created_at" < '10000-01-01Z' THEN left(to_json(t1."created_at" AT TIME ZONE 'UTC')::text, -1) || 'Z"' END, 'null') || ',"owner":' || coalesce((SELECT '{"name":' || coalesce(to_json(t2."name")::text, 'null') || '}' FROM "users" t2 WHERE t2."id" = t1."owner_id"), 'null') || '}', ',' ORDER BY t1."created_at" DESC, t1."id" DESC), '') || ']}' FROM (SELECT t1."id", t1."title", t1."tags", t1."created_at", t1."owner_id" FROM "prompts" t1 ORDER BY t1."created_at" DESC, t1."id" DESC LIMIT 10) t1)
