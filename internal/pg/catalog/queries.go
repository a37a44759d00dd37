package catalog

import (
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/own"
)

// All queries leave out the Postgres schemas of the system and of Krowoc, and the objects of extensions. $1 are the tables that the caller
// leaves out.
var ours = `n.nspname NOT IN ('information_schema', '` + own.Schema + `', '` + strings.Join(recordSchemas, "', '") + `') AND n.nspname NOT LIKE 'pg\_%'`

// recordSchemas are the Postgres schemas that migration tools make for their own tables.
var recordSchemas = []string{"atlas_schema_revisions", "drizzle", "graphile_migrate", "pgroll", "sqitch", "supabase_migrations"}

// RecordSchemas returns the Postgres schemas in which other migration tools record what they have applied. Read leaves them out.
func RecordSchemas() []string { return slices.Clone(recordSchemas) }

const (
	// fromExtension must be followed by the class and OID of the object.
	fromExtension = `EXISTS (SELECT FROM pg_depend d WHERE d.deptype = 'e' AND d.classid = `

	excluded = `(n.nspname || '.' || c.relname = ANY ($1) OR c.relname = ANY ($1))`

	// chosen restricts a query to the tables that a Reader reads again. NULL means all.
	chosen = `($2::oid[] IS NULL OR c.oid = ANY ($2))`
)

// comment is the comment on an object. Unlike obj_description, it does not look up the system table by its name for every row. A join would be
// quadratic where Postgres has no statistics yet.
func comment(class, oid, column string) string {
	return `coalesce((SELECT description FROM pg_description WHERE classoid = '` + class + `'::regclass AND objoid = ` + oid + ` AND objsubid = ` + column + `), '')`
}

// names lists the names of columns in the order of a list of their numbers.
func names(table, numbers, name string) string {
	return `ARRAY(SELECT (SELECT ` + name + ` FROM pg_attribute a WHERE a.attrelid = ` + table + ` AND a.attnum = k.num)
		FROM unnest(` + numbers + `) WITH ORDINALITY k(num, ord) ORDER BY k.ord)`
}

// grants lists the privileges of roles other than the owner. A null ACL is replaced by the default one.
func grants(acl, kind, owner string) string {
	return `ARRAY(SELECT a.privilege_type || CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END || ' TO '
		|| CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END
		FROM aclexplode(coalesce(` + acl + `, acldefault('` + kind + `', ` + owner + `))) a WHERE a.grantee <> ` + owner + ` ORDER BY 1)`
}

func enumsSQL() string {
	return `SELECT n.nspname, t.typname, ARRAY(SELECT enumlabel::text FROM pg_enum WHERE enumtypid = t.oid ORDER BY enumsortorder),
		` + comment("pg_type", "t.oid", "0") + `, ` + grants("t.typacl", "T", "t.typowner") + `
	FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
	WHERE t.typtype = 'e' AND ` + ours + ` AND NOT ` + fromExtension + `'pg_type'::regclass AND d.objid = t.oid)
	ORDER BY 1, 2`
}

func tablesSQL() string {
	return `SELECT n.nspname, c.relname,
		CASE c.relkind WHEN 'p' THEN 'partitioned table' WHEN 'f' THEN 'foreign table' ELSE 'table' END,
		c.relpersistence = 'u',
		CASE WHEN c.relforcerowsecurity THEN 'forced' WHEN c.relrowsecurity THEN 'enabled' ELSE '' END,
		coalesce(c.reloptions, '{}'), coalesce(pg_get_partkeydef(c.oid), ''), coalesce(pg_get_expr(c.relpartbound, c.oid), ''),
		ARRAY(SELECT i.inhparent::regclass::text FROM pg_inherits i WHERE i.inhrelid = c.oid ORDER BY i.inhseqno),
		CASE c.relreplident WHEN 'd' THEN '' WHEN 'f' THEN 'full' WHEN 'n' THEN 'nothing' ELSE
			(SELECT 'index ' || indexrelid::regclass::text FROM pg_index WHERE indrelid = c.oid AND indisreplident) END,
		coalesce((SELECT amname FROM pg_am WHERE oid = c.relam AND amname <> 'heap'), ''),
		coalesce((SELECT spcname FROM pg_tablespace WHERE oid = c.reltablespace), ''),
		` + comment("pg_class", "c.oid", "0") + `, ` + grants("c.relacl", "r", "c.relowner") + `
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind IN ('r', 'p', 'f') AND ` + ours + ` AND NOT ` + excluded + ` AND NOT ` + fromExtension + `'pg_class'::regclass AND d.objid = c.oid)
	ORDER BY 1, 2`
}

func columnsSQL() string {
	return `SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attndims::int,
		CASE WHEN a.attcollation <> t.typcollation THEN (SELECT co.collname FROM pg_collation co WHERE co.oid = a.attcollation) ELSE '' END,
		a.attnotnull, coalesce(pg_get_expr(ad.adbin, ad.adrelid), ''),
		CASE a.attgenerated WHEN 's' THEN 'stored' WHEN 'v' THEN 'virtual' ELSE '' END,
		CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' ELSE '' END,
		CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage::text ELSE '' END, a.attcompression::text,
		coalesce(a.attstattarget, -1)::int, ` + comment("pg_class", "c.oid", "a.attnum") + `,
		CASE WHEN a.attacl IS NULL THEN '{}' ELSE ` + grants("a.attacl", "c", "c.relowner") + ` END
	FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef ad ON ad.adrelid = c.oid AND ad.adnum = a.attnum
	WHERE c.relkind IN ('r', 'p', 'f') AND a.attnum > 0 AND NOT a.attisdropped
		AND ` + chosen + ` AND ` + ours + ` AND NOT ` + excluded + ` AND NOT ` + fromExtension + `'pg_class'::regclass AND d.objid = c.oid)
	ORDER BY 1, 2, a.attnum`
}

func constraintsSQL() string {
	return `SELECT n.nspname, c.relname, co.conname,
		CASE co.contype WHEN 'c' THEN 'check' WHEN 'f' THEN 'foreign key' WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique'
			WHEN 'x' THEN 'exclusion' ELSE 'not null' END,
		` + names("co.conrelid", "co.conkey", "a.attname::text") + `,
		pg_get_constraintdef(co.oid), co.convalidated, co.coninhcount > 0, CASE WHEN co.confrelid <> 0 THEN co.confrelid::regclass::text ELSE '' END,
		` + comment("pg_constraint", "co.oid", "0") + `
	FROM pg_constraint co JOIN pg_class c ON c.oid = co.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE co.contype IN ('c', 'f', 'p', 'u', 'x') AND c.relkind IN ('r', 'p', 'f')
		AND ` + chosen + ` AND ` + ours + ` AND NOT ` + excluded + ` AND NOT ` + fromExtension + `'pg_class'::regclass AND d.objid = c.oid)
	ORDER BY 1, 2, 3`
}

func indexesSQL() string {
	return `SELECT n.nspname, c.relname, ic.relname, pg_get_indexdef(i.indexrelid), am.amname, i.indisunique, i.indisvalid,
		EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid AND conrelid = c.oid AND contype IN ('p', 'u', 'x')),
		CASE WHEN i.indexprs IS NULL THEN ` + names("i.indrelid", "(i.indkey::int2[])[0:i.indnkeyatts - 1]", "quote_ident(a.attname)") + `
			ELSE ARRAY(SELECT pg_get_indexdef(i.indexrelid, k, true) FROM generate_series(1, i.indnkeyatts) k) END,
		coalesce(pg_get_expr(i.indpred, i.indrelid), ''), i.indisclustered, ` + comment("pg_class", "ic.oid", "0") + `
	FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid
		JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_am am ON am.oid = ic.relam
	WHERE c.relkind IN ('r', 'p', 'm') AND ` + chosen + ` AND ` + ours + ` AND NOT ` + excluded + ` AND NOT ` + fromExtension + `'pg_class'::regclass AND d.objid = c.oid)
	ORDER BY 1, 2, 3`
}

func sequencesSQL() string {
	return `SELECT n.nspname, c.relname,
		format('AS %s START %s MINVALUE %s MAXVALUE %s INCREMENT %s CACHE %s%s', format_type(s.seqtypid, NULL), s.seqstart, s.seqmin, s.seqmax,
			s.seqincrement, s.seqcache, CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END),
		coalesce((SELECT d.refobjid::regclass::text || '.' || a.attname FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
			WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')), ''),
		EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'i'),
		` + comment("pg_class", "c.oid", "0") + `, ` + grants("c.relacl", "s", "c.relowner") + `
	FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE ` + ours + ` AND NOT ` + fromExtension + `'pg_class'::regclass AND d.objid = c.oid)
		AND NOT EXISTS (SELECT FROM pg_depend d JOIN pg_class t ON t.oid = d.refobjid JOIN pg_namespace tn ON tn.oid = t.relnamespace
			WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i') AND (tn.nspname || '.' || t.relname = ANY ($1) OR t.relname = ANY ($1)))
	ORDER BY 1, 2`
}

// othersSQL lists every other kind as kind, name, definition, comment and grants.
func othersSQL() string {
	const none = `'{}'::text[]`
	return `
	SELECT 'schema', n.nspname::text, '', ` + comment("pg_namespace", "n.oid", "0") + `, ` + grants("n.nspacl", "n", "n.nspowner") + `
	FROM pg_namespace n WHERE ` + ours + ` AND NOT ` + fromExtension + `'pg_namespace'::regclass AND d.objid = n.oid)
	UNION ALL
	SELECT 'extension', e.extname, format('VERSION %s SCHEMA %s', e.extversion, n.nspname), '', ` + none + `
	FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
	UNION ALL
	SELECT 'domain', t.oid::regtype::text, concat_ws(' ', format_type(t.typbasetype, t.typtypmod), CASE WHEN t.typnotnull THEN 'NOT NULL' END, 'DEFAULT ' || t.typdefault,
		(SELECT string_agg('CONSTRAINT ' || quote_ident(conname) || ' ' || pg_get_constraintdef(oid), ' ' ORDER BY conname) FROM pg_constraint WHERE contypid = t.oid AND contype = 'c')),
		` + comment("pg_type", "t.oid", "0") + `, ` + grants("t.typacl", "T", "t.typowner") + `
	FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype = 'd' AND ` + ours + ` AND NOT ` + fromExtension + `'pg_type'::regclass AND d.objid = t.oid)
	UNION ALL
	SELECT 'composite type', t.oid::regtype::text, (SELECT '(' || coalesce(string_agg(quote_ident(attname) || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum), '') || ')'
		FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped), ` + comment("pg_type", "t.oid", "0") + `, ` + grants("t.typacl", "T", "t.typowner") + `
	FROM pg_type t JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c' JOIN pg_namespace n ON n.oid = t.typnamespace
	WHERE ` + ours + ` AND NOT ` + fromExtension + `'pg_type'::regclass AND d.objid = t.oid)
	UNION ALL
	SELECT CASE c.relkind WHEN 'v' THEN 'view' ELSE 'materialized view' END, c.oid::regclass::text,
		concat_ws(' ', 'WITH (' || array_to_string(c.reloptions, ', ') || ')', pg_get_viewdef(c.oid)), ` + comment("pg_class", "c.oid", "0") + `, ` + grants("c.relacl", "r", "c.relowner") + `
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('v', 'm') AND ` + ours + ` AND NOT ` + excluded + ` AND NOT ` + fromExtension + `'pg_class'::regclass AND d.objid = c.oid)
	UNION ALL
	SELECT CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END, p.oid::regprocedure::text,
		CASE p.prokind WHEN 'a' THEN (SELECT format('SFUNC %s STYPE %s INIT %s FINAL %s COMBINE %s', a.aggtransfn, format_type(a.aggtranstype, NULL), coalesce(a.agginitval, '-'), a.aggfinalfn, a.aggcombinefn)
			FROM pg_aggregate a WHERE a.aggfnoid = p.oid) ELSE pg_get_functiondef(p.oid) END,
		` + comment("pg_proc", "p.oid", "0") + `, ` + grants("p.proacl", "f", "p.proowner") + `
	FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ` + ours + ` AND NOT ` + fromExtension + `'pg_proc'::regclass AND d.objid = p.oid)
	UNION ALL
	SELECT 'trigger', quote_ident(tg.tgname) || ' on ' || c.oid::regclass::text,
		pg_get_triggerdef(tg.oid) || CASE tg.tgenabled WHEN 'O' THEN '' WHEN 'D' THEN ' DISABLED' WHEN 'R' THEN ' REPLICA' ELSE ' ALWAYS' END,
		` + comment("pg_trigger", "tg.oid", "0") + `, ` + none + `
	FROM pg_trigger tg JOIN pg_class c ON c.oid = tg.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT tg.tgisinternal AND ` + ours + ` AND NOT ` + excluded + `
	UNION ALL
	SELECT 'policy', quote_ident(p.polname) || ' on ' || c.oid::regclass::text,
		concat_ws(' ', CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END, 'FOR ' || p.polcmd::text, 'TO ' || (SELECT string_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE r::regrole::text END, ', ' ORDER BY 1) FROM unnest(p.polroles) r),
			'USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', 'WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')'), ` + comment("pg_policy", "p.oid", "0") + `, ` + none + `
	FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ` + ours + ` AND NOT ` + excluded + `
	UNION ALL
	SELECT 'rule', quote_ident(r.rulename) || ' on ' || c.oid::regclass::text, pg_get_ruledef(r.oid), ` + comment("pg_rewrite", "r.oid", "0") + `, ` + none + `
	FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace WHERE r.rulename <> '_RETURN' AND ` + ours + ` AND NOT ` + excluded + `
	UNION ALL
	SELECT 'event trigger', e.evtname, format('ON %s %s EXECUTE %s %s', e.evtevent, e.evttags, e.evtfoid::regproc, e.evtenabled), ` + comment("pg_event_trigger", "e.oid", "0") + `, ` + none + `
	FROM pg_event_trigger e WHERE NOT ` + fromExtension + `'pg_event_trigger'::regclass AND d.objid = e.oid)
	UNION ALL
	SELECT 'statistics', s.stxnamespace::regnamespace::text || '.' || quote_ident(s.stxname), pg_get_statisticsobjdef(s.oid), ` + comment("pg_statistic_ext", "s.oid", "0") + `, ` + none + `
	FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE ` + ours + `
	UNION ALL
	SELECT 'publication', p.pubname, format('ALL %s INSERT %s UPDATE %s DELETE %s TRUNCATE %s: %s', p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate,
		(SELECT string_agg(prrelid::regclass::text, ', ' ORDER BY prrelid::regclass::text) FROM pg_publication_rel WHERE prpubid = p.oid)), '', ` + none + ` FROM pg_publication p
	UNION ALL
	SELECT 'default privileges', concat_ws(' ', d.defaclobjtype::text, 'in ' || n.nspname), '', '',
		ARRAY(SELECT a.privilege_type || ' TO ' || CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END FROM aclexplode(d.defaclacl) a WHERE a.grantee <> d.defaclrole ORDER BY 1)
	FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace WHERE n.nspname IS NULL OR (` + ours + `)
	ORDER BY 1, 2`
}

// defaultOwnerSQL keeps the default owner until ownersSQL needs it: the owner of the table $1, or else the current role. It runs before the
// search path is emptied.
const defaultOwnerSQL = `SELECT set_config('krowoc.owner', coalesce((SELECT relowner FROM pg_class WHERE oid = to_regclass($1)),
	(SELECT oid FROM pg_roles WHERE rolname = current_user))::text, true)::oid::regrole::text`

// ownersSQL lists the objects that do not belong to the default owner as kind, name and owner. A sequence of a column belongs to the owner
// of its table. Postgres and providers make the schema public, so its owner tells nothing.
func ownersSQL() string {
	return `SELECT kind, name, owner::regrole::text FROM (
	SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' ELSE 'table' END AS kind,
		CASE WHEN c.relkind IN ('v', 'm') THEN c.oid::regclass::text ELSE n.nspname || '.' || c.relname END AS name, c.relowner AS owner
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND ` + ours + ` AND NOT ` + excluded + ` AND NOT ` + fromExtension + `'pg_class'::regclass AND d.objid = c.oid)
	UNION ALL
	SELECT 'sequence', n.nspname || '.' || c.relname, c.relowner FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind = 'S' AND ` + ours + ` AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.deptype IN ('a', 'i', 'e') AND d.classid = 'pg_class'::regclass AND d.objid = c.oid)
	UNION ALL
	SELECT CASE t.typtype WHEN 'e' THEN 'enum' ELSE 'domain' END, CASE t.typtype WHEN 'e' THEN n.nspname || '.' || t.typname ELSE t.oid::regtype::text END, t.typowner
	FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
	WHERE t.typtype IN ('e', 'd') AND ` + ours + ` AND NOT ` + fromExtension + `'pg_type'::regclass AND d.objid = t.oid)
	UNION ALL
	SELECT CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END, p.oid::regprocedure::text, p.proowner
	FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ` + ours + ` AND NOT ` + fromExtension + `'pg_proc'::regclass AND d.objid = p.oid)
	UNION ALL
	SELECT 'schema', n.nspname::text, n.nspowner FROM pg_namespace n
	WHERE n.nspname <> 'public' AND ` + ours + ` AND NOT ` + fromExtension + `'pg_namespace'::regclass AND d.objid = n.oid)
	) o WHERE owner <> current_setting('krowoc.owner')::oid ORDER BY 1, 2`
}
