-- reads      Prompt
-- writes     nothing
-- per caller nothing
-- cost       3 + 10 × 3, at most 10000
-- $1 value 1 of the cursor "x" as Int
-- $2 value 2 of the cursor "x" as ID
SELECT (SELECT '{"edges":[' || coalesce(string_agg('{"cursor":"' || translate(encode(convert_to(json_build_array('ac1caa48', t1."score", t1."id")::text, 'UTF8'), 'base64'), E'\n', '') || '","node":' || ('{"title":' || coalesce(to_json(t1."title")::text, 'null') || '}') || '}', ',' ORDER BY t1."score" DESC, t1."id" DESC) FILTER (WHERE t1."row" <= 10), '') || '],"pageInfo":{"hasNextPage":' || (count(*) > 10)::text || ',"hasPreviousPage":true,"endCursor":' || coalesce('"' || (array_agg(translate(encode(convert_to(json_build_array('ac1caa48', t1."score", t1."id")::text, 'UTF8'), 'base64'), E'\n', '') ORDER BY t1."score", t1."id") FILTER (WHERE t1."row" <= 10))[1] || '"', 'null') || '},"totalCount":' || (SELECT count(*)::text FROM "prompts" t1) || '}' FROM (SELECT t1.*, row_number() OVER (ORDER BY t1."score" DESC, t1."id" DESC) AS "row" FROM (SELECT t1."score", t1."id", t1."title" FROM "prompts" t1 WHERE (t1."score" < $1 OR t1."score" IS NOT NULL AND $1 IS NULL OR t1."score" IS NOT DISTINCT FROM $1 AND (t1."id" < $2)) ORDER BY t1."score" DESC, t1."id" DESC LIMIT 10 + 1) t1) t1)
