-- reads      Execution, Prompt
-- writes     nothing
-- per caller nothing
-- cost       1, at most 10000
-- $1 constant {"a"} as [String]
-- $2 constant true as Boolean
-- $3 constant {"x"} as [String]
-- $4 constant 3 as Int
SELECT (SELECT '{"totalCount":' || (SELECT count(*)::text FROM "prompts" t1 WHERE ((t1."tags" @> $1) AND (NOT EXISTS (SELECT FROM "executions" t2 WHERE t2."prompt_id" = t1."id" AND (t2."ok" = $2))) AND ((t1."title" = ANY ($3)) OR ((t1."score" > $4)) IS NOT TRUE))) || '}')
