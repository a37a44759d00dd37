-- 1,000 people, 20,000 prompts of which nine in ten are public, and 200,000 executions over two years.
INSERT INTO users (name) SELECT 'Person ' || n FROM generate_series(1, 1000) n;
INSERT INTO prompts (title, body, tags, visibility, vote_count, owner_id, created_at)
SELECT 'Prompt ' || n, repeat('Summarise {{text}}. ', 10), ARRAY['tag' || n % 7, 'tag' || n % 11], CASE WHEN n % 10 = 0 THEN 'PRIVATE' ELSE 'PUBLIC' END::visibility,
  n * 7919 % 5000, u.id, timestamptz '2025-01-01Z' + n * interval '30 min'
FROM generate_series(1, 20000) AS s(n) JOIN (SELECT id, row_number() OVER (ORDER BY id) AS number FROM users) u ON u.number = s.n % 1000 + 1;
INSERT INTO executions (prompt_id, status, cost, created_at)
SELECT p.id, CASE WHEN n % 9 = 0 THEN 'FAILED' ELSE 'SUCCEEDED' END::status, n % 1000 * 0.00001, timestamptz '2025-01-01Z' + n * interval '5 min'
FROM generate_series(1, 200000) AS s(n) JOIN (SELECT id, row_number() OVER (ORDER BY id) AS number FROM prompts) p ON p.number = s.n % 20000 + 1;
VACUUM ANALYZE;
