package sqltext

import (
	"regexp"
	"strings"
)

var plainIdent = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

// Ident returns a name as an SQL identifier. Like quote_ident, it adds quotes only if necessary.
func Ident(name string) string {
	if plainIdent.MatchString(name) && !keywords[name] {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// Unquote returns the name that an identifier stands for. It reverses Ident.
func Unquote(ident string) string {
	if len(ident) < 2 || ident[0] != '"' || ident[len(ident)-1] != '"' {
		return ident
	}
	return strings.ReplaceAll(ident[1:len(ident)-1], `""`, `"`)
}

// UnquoteAll returns what Unquote does for each identifier. Other SQL stays as it is.
func UnquoteAll(idents []string) []string {
	names := make([]string, len(idents))
	for i, ident := range idents {
		names[i] = Unquote(ident)
	}
	return names
}

// keywords are the keywords that quote_ident quotes, in any version from 14 to 18. They are not allowed as unquoted names of columns or
// tables (https://www.postgresql.org/docs/current/sql-keywords-appendix.html).
var keywords = words(`
	all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast char
	character check coalesce collate collation column concurrently constraint create cross current_catalog current_date
	current_role current_schema current_time current_timestamp current_user dec decimal default deferrable desc distinct do
	else end except exists extract false fetch float for foreign freeze from full grant greatest group grouping having ilike in
	initially inner inout int integer intersect interval into is isnull join json json_array json_arrayagg json_exists
	json_object json_objectagg json_query json_scalar json_serialize json_table json_value lateral leading least left like
	limit localtime localtimestamp merge_action national natural nchar none normalize not notnull null nullif numeric offset on
	only or order out outer overlaps overlay placing position precision primary real references returning right row select
	session_user setof similar smallint some substring symmetric system_user table tablesample then time timestamp to trailing
	treat trim true union unique user using values varchar variadic verbose when where window with xmlattributes xmlconcat
	xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable`)

func words(list string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(list) {
		set[w] = true
	}
	return set
}
