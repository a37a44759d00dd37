-- reads      Execution, Label, LabelPrompt, Membership, Prompt, Team, User
-- writes     nothing
-- per caller uid, roles
-- cost       2 + $n × (5 + 20 × 1 + 3 × 1), at most 10000
-- __typename: "Query"
-- __schema: introspection of the schema
-- $1 auth.uid as ID
-- $2 constant {"1","2"} as [Int64]
-- $3 auth.uid as String
-- $4 auth.roles
-- $5 $w.or[0].title.contains as String
-- $6 $w.or[1].score.in as [Int]
-- $7 value 1 of the cursor $c as Int
-- $8 value 2 of the cursor $c as ID
-- $9 $n as Int, at most 100
-- $10 $t as String
-- $11 ["a",$t] as [String]
SELECT (SELECT '{"nodes":[' || coalesce(string_agg('{"title":' || coalesce(to_json(t1."title")::text, 'null') || ',"executions":' || (SELECT '{"nodes":[' || coalesce(string_agg('{"id":' || coalesce('"' || t2."id"::text || '"', 'null') || '}', ',' ORDER BY t2."id"), '') || ']}' FROM (SELECT t2."id" FROM "executions" t2 WHERE t2."prompt_id" = t1."id" AND (t2."user_id" = $1 OR ((SELECT c1."visibility" FROM "prompts" c1 WHERE c1."id" = t2."prompt_id") = 'PUBLIC')) AND (t2."tokens" = ANY ($2)) ORDER BY t2."id" LIMIT 20) t2) || ',"labels":' || (SELECT '{"nodes":[' || coalesce(string_agg('{"name":' || coalesce(to_json(t3."name")::text, 'null') || '}', ',' ORDER BY t3."id"), '') || ']}' FROM (SELECT t3."name", t3."id" FROM "labels" t3 WHERE EXISTS (SELECT FROM "labels_prompts" t4 WHERE t4."prompt_id" = t1."id" AND t4."label_id" = t3."id") ORDER BY t3."id" LIMIT 3) t3) || '}', ',' ORDER BY t1."score" DESC, t1."id" DESC), '') || ']}' FROM (SELECT t1."title", t1."id", t1."score" FROM "prompts" t1 WHERE (t1."owner_id" = $1 OR (t1."visibility" = 'PUBLIC') OR ((t1."visibility" = 'TEAM') AND EXISTS (SELECT FROM "memberships" c1 WHERE c1."team_id" = t1."team_id" AND (c1."user_id" = $3::text))) OR $4::text[] && ARRAY['admin']::text[]) AND ((strpos(t1."title"::text, $5::text) > 0) OR (t1."score" = ANY ($6))) AND (t1."score" < $7 OR t1."score" IS NOT NULL AND $7 IS NULL OR t1."score" IS NOT DISTINCT FROM $7 AND (t1."id" < $8)) ORDER BY t1."score" DESC, t1."id" DESC LIMIT $9::int8) t1),
  (SELECT '{"totalCount":' || (SELECT count(*)::text FROM "users" t5 WHERE ((t5."name" = $10) AND (EXISTS (SELECT FROM "prompts" t6 WHERE t6."owner_id" = t5."id" AND (t6."owner_id" = $1 OR (t6."visibility" = 'PUBLIC') OR ((t6."visibility" = 'TEAM') AND EXISTS (SELECT FROM "memberships" c1 WHERE c1."team_id" = t6."team_id" AND (c1."user_id" = $3::text))) OR $4::text[] && ARRAY['admin']::text[]) AND (t6."tags" && $11))))) || '}')
