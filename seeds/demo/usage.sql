-- What everybody used of each provider on each day, as the service sums it up when executions end.
INSERT INTO usage_daily (user_id, day, provider_id, executions, failures, tokens_in, tokens_out, cost)
SELECT user_id, (started_at AT TIME ZONE 'UTC')::date, provider_id, count(*), count(*) FILTER (WHERE status = 'FAILED'),
       sum(tokens_in), sum(tokens_out), sum(cost)
FROM executions
GROUP BY 1, 2, 3
ON CONFLICT DO NOTHING;

ANALYZE;
