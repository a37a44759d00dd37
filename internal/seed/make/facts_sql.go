package make

// constraintsQuery reads checks and foreign keys. It includes those that only partitions have: such a check applies to the rows of the
// partition, and such a foreign key is treated like one of the whole table.
const constraintsQuery = `
SELECT n.name, k.contype::text, k.conname::text,
       CASE WHEN k.conrelid = r.root THEN coalesce(pg_get_expr(k.conbin, k.conrelid), '')
            ELSE format('(%s) IS NOT TRUE OR (%s)', pg_get_partition_constraintdef(k.conrelid), pg_get_expr(k.conbin, k.conrelid)) END,
       ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY u (num, at) JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num ORDER BY u.at),
       CASE WHEN k.contype = 'f' AND pg_table_is_visible(k.confrelid) THEN (SELECT relname::text FROM pg_class WHERE oid = k.confrelid) ELSE '' END,
       ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY u (num, at) JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num ORDER BY u.at),
       CASE WHEN k.contype = 'f' AND has_table_privilege(k.confrelid, 'SELECT') THEN k.confrelid::regclass::text ELSE '' END, k.condeferrable
FROM unnest($1::text[]) AS n (name)
CROSS JOIN LATERAL (SELECT to_regclass(quote_ident(n.name))::oid) AS r (root)
CROSS JOIN LATERAL (SELECT r.root UNION SELECT relid FROM pg_partition_tree(r.root)) AS p (relation)
JOIN pg_constraint k ON k.conrelid = p.relation AND k.contype IN ('c', 'f')
WHERE NOT EXISTS (SELECT FROM pg_constraint p WHERE p.oid = k.conparentid AND p.conrelid = k.conrelid)
  AND (k.conrelid = r.root OR k.conparentid = 0 AND k.coninhcount = 0)
ORDER BY n.name, k.conname, k.conrelid::regclass::text`

// uniquesQuery reads indnullsnotdistinct in a way that also works before Postgres 15.
const uniquesQuery = `
SELECT n.name, c.relname::text,
       ARRAY(SELECT coalesce(a.attname::text, '') FROM generate_series(0, i.indnkeyatts - 1) g LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[g] AND a.attnum <> 0 ORDER BY g),
       ARRAY(SELECT pg_get_indexdef(i.indexrelid, g, false) FROM generate_series(1, i.indnkeyatts) g ORDER BY g),
       coalesce(pg_get_expr(i.indpred, i.indrelid), ''), coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false),
       EXISTS (SELECT FROM unnest(i.indcollation) u (oid) JOIN pg_collation l ON l.oid = u.oid AND NOT l.collisdeterministic),
       ARRAY(SELECT format('OPERATOR(%I.%s)', s.nspname, o.oprname) FROM pg_constraint k, unnest(k.conexclop) WITH ORDINALITY u (op, at)
             JOIN pg_operator o ON o.oid = u.op JOIN pg_namespace s ON s.oid = o.oprnamespace WHERE k.conindid = i.indexrelid AND k.contype = 'x' ORDER BY u.at)
FROM unnest($1::text[]) AS n (name)
JOIN pg_index i ON i.indrelid = to_regclass(quote_ident(n.name)) AND (i.indisunique OR i.indisexclusion) AND i.indisready
JOIN pg_class c ON c.oid = i.indexrelid
ORDER BY n.name, c.relname`

// domainsQuery reads the conditions of domains, which may be based on other domains, and of the elements of arrays.
const domainsQuery = `
WITH RECURSIVE d AS (
  SELECT n.name, a.attname, a.atttypid AS type, false AS element
  FROM unnest($1::text[]) AS n (name) JOIN pg_attribute a ON a.attrelid = to_regclass(quote_ident(n.name)) AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT d.name, d.attname, CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.typelem END, d.element OR t.typtype <> 'd'
  FROM d JOIN pg_type t ON t.oid = d.type WHERE t.typtype = 'd' OR t.typreceive = 'array_recv'::regproc AND t.typelem <> 0
)

SELECT d.name, d.attname::text, d.element, pg_get_expr(k.conbin, 0)
FROM d JOIN pg_constraint k ON k.contypid = d.type AND k.contype = 'c' ORDER BY d.name, d.attname, k.conname`

// partitionsQuery reads which rows the partitions of tables without a default partition accept. By hash, they accept all.
const partitionsQuery = `
SELECT n.name, string_agg('(' || pg_get_partition_constraintdef(l.relid) || ')', ' OR ' ORDER BY l.relid::regclass::text)
FROM unnest($1::text[]) AS n (name)
JOIN pg_partitioned_table p ON p.partrelid = to_regclass(quote_ident(n.name)) AND p.partdefid = 0 AND p.partstrat <> 'h'
CROSS JOIN LATERAL pg_partition_tree(p.partrelid) l
WHERE l.isleaf AND l.relid <> p.partrelid
GROUP BY n.name`

// triggersQuery reads the triggers of users that fire when rows are inserted, also those of partitions. Functions that come with Postgres or
// Krowoc neither refuse rows nor add any that could conflict.
const triggersQuery = `
SELECT DISTINCT n.name, g.tgname::text, f.proname::text
FROM unnest($1::text[]) AS n (name)
CROSS JOIN LATERAL (SELECT to_regclass(quote_ident(n.name))::oid) AS r (root)
CROSS JOIN LATERAL (SELECT r.root UNION SELECT relid FROM pg_partition_tree(r.root)) AS p (relation)
JOIN pg_trigger g ON g.tgrelid = p.relation AND NOT g.tgisinternal AND g.tgenabled IN ('O', 'A') AND g.tgtype & 4 <> 0
JOIN pg_proc f ON f.oid = g.tgfoid
WHERE f.pronamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname IN ('pg_catalog', $2))
ORDER BY n.name, 2`
