package sdl

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/krowoc/krowoc/internal/schema"
)

// reservedPrefix starts the names of the enums and inputs in Directives.
const reservedPrefix = "Krowoc"

// names maps each name in one namespace of the database or the API to its owner.
type names map[string]string

// claim assigns a name to an owner, or reports that another owner has it.
func (b *builder) claim(in names, name, owner string, at schema.Position, remedy string) bool {
	if other, taken := in[name]; taken {
		b.reportAt(codeCollision, at, remedy, fmt.Sprintf("%s and %s would both be named %q", owner, other, name))
		return false
	}
	in[name] = owner
	return true
}

// reportAt adds an error at a position of the model.
func (b *builder) reportAt(code string, at schema.Position, remedy, message string) {
	i := slices.IndexFunc(b.files, func(f *file) bool { return f.name == at.File })
	f := b.files[i]
	text := []rune(f.lineText(at.Line))
	width := 0
	for at.Column-1+width < len(text) && isNameRune(text[at.Column-1+width]) {
		width++
	}
	b.report(code, span{f, f.lines[at.Line-1].runes + at.Column - 1, width}, message, remedy)
}

// checkNames reports name collisions in the database and in the API, and reserved names.
func (b *builder) checkNames() {
	relations, types := names{}, names{}
	for _, e := range b.enums {
		if IsPostgresType(e.DBName) {
			b.reportAt(codeReserved, e.Pos, `choose another name, or write @enum(name: "…")`, fmt.Sprintf("Postgres already has a type named %q", e.DBName))
		}
		b.claim(types, e.DBName, "enum "+e.Name, e.Pos, `give one of them another type: @enum(name: "…")`)
	}
	tables := b.joins
	b.stored(func(t *typeDecl) { tables = append(tables, t.Type) })
	for _, t := range b.joins {
		if b.defined(t.Name) {
			b.reportAt(codeCollision, t.Pos, `name the join table with @manyToMany(table: "…"), or use the type with @manyToMany(through: "`+t.Name+`")`,
				fmt.Sprintf("the join table of %q would be the type %q, which is already defined", t.Join.Left.Name, t.Name))
		}
	}
	for _, t := range tables {
		owner, remedy := "the table of "+t.Name, `give one of them another table: @table(name: "…")`
		if t.Join != nil {
			owner, remedy = "the join table of "+t.Join.Left.Owner.Name+"."+t.Join.Left.Name, `give one of them another table: @manyToMany(table: "…")`
		}
		if b.claim(types, t.Table, owner, t.Pos, remedy) {
			b.tableNames(relations, t)
		}
	}
	b.apiNames(relations)
	b.metricNames()
}

// tableNames checks the names of a table, its indexes, its columns and its constraints.
func (b *builder) tableNames(relations names, t *schema.Type) {
	remedy := `give one of them another name with name: "…"`
	of := " of " + t.Name
	b.claim(relations, t.Table, "the table"+of, t.Pos, remedy)
	b.claim(relations, schema.ObjectName(t.Table, nil, "pkey"), "the key"+of, t.Pos, remedy)
	columns, constraints := names{}, names{}
	if t.Search != nil {
		b.claim(relations, schema.SearchIndex(t.Table), "@searchable"+of, t.Search.Pos, remedy)
		b.claim(columns, schema.SearchColumn, "@searchable"+of, t.Search.Pos, `give the field another column: @col(name: "…")`)
	}
	for _, u := range t.Uniques {
		b.claim(relations, u.Name, "@unique"+of, u.Pos, remedy)
		b.claim(constraints, u.Name, "@unique"+of, u.Pos, remedy)
	}
	for _, x := range t.Indexes {
		b.claim(relations, x.Name, "@index"+of, x.Pos, remedy)
	}
	for _, c := range t.Checks {
		b.claim(constraints, c.Name, "@check"+of, c.Pos, remedy)
	}
	for _, f := range t.Fields {
		owner := t.Name + "." + f.Name
		if f.Unique {
			b.claim(relations, f.UniqueName(), "@unique of "+owner, f.Pos, remedy)
			b.claim(constraints, f.UniqueName(), "@unique of "+owner, f.Pos, remedy)
		}
		for _, c := range f.Checks {
			b.claim(constraints, c.Name, "@check of "+owner, c.Pos, remedy)
		}
		if f.Relation != nil && f.Relation.Fields != nil {
			continue
		}
		for _, c := range f.Columns() {
			b.claim(columns, c, owner, f.Pos, `give one of them another column: @col(name: "…")`)
			if slices.Contains([]string{"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"}, c) {
				b.reportAt(codeReserved, f.Pos, `choose another name, or write @col(name: "…")`, fmt.Sprintf("%q is a system column of every Postgres table", c))
			}
			if len(c) > schema.MaxName {
				b.reportAt(codeInvalidName, f.Pos, `shorten it, or write @col(name: "…")`, fmt.Sprintf("the column name %q has %d bytes; Postgres allows at most %d", c, len(c), schema.MaxName))
			}
		}
	}
}

// apiNames reports collisions with the names derived for the API: for Prompt, the fields prompt and prompts, and the types
// PromptConnection, PromptWhere and so on.
func (b *builder) apiNames(relations names) {
	fields, types, linked := names{}, names{}, map[*schema.Type]bool{}
	b.stored(func(t *typeDecl) {
		if t.API.Hidden {
			return
		}
		b.checkShown(t)
		b.checkShownNames(t)
		b.claim(types, t.APIName(), "the type "+t.Name, t.Pos, `give one of them another name: @api(name: "…")`)
		single := schema.CamelCase(t.APIName())
		b.claim(fields, single, "the query for a single "+t.Name, t.Pos, "rename one of the types")
		b.claim(fields, t.APIList(), "the query for a list of "+t.Name, t.Pos, "rename one of the types")
		b.apiTypes(t.APIName(), "Connection", "Edge", "Where", "ListWhere", "Order", "Create", "Patch", "Batch", "SearchField", "Nearest")
		b.apiTypes(t.APIName(), schema.AggregateSuffixes...)
		for _, f := range slices.Concat(t.fields, t.computed) {
			if r := f.Relation; r != nil && r.Through != nil && r.Through.Join != nil && !linked[r.Target] {
				linked[r.Target] = true
				b.apiTypes(r.Target.APIName(), "LinksCreate", "LinksPatch", "LinksKey")
			}
			if isConnective := f.Name == "and" || f.Name == "or" || f.Name == "not"; isConnective && f.API.Name == "" {
				b.errorf(codeReserved, f.def.Position, "choose another name", "%q is reserved: it combines conditions in where", f.Name)
			}
			if f.Name == "search" && t.Search != nil {
				b.errorf(codeReserved, f.def.Position, "choose another name", "%q is reserved: it searches a type with @searchable", f.Name)
			}
		}
	})
	b.views(func(t *typeDecl) { b.viewNames(t, relations, fields, types) })
	b.customNames(fields, types)
	for _, e := range b.enums {
		b.claim(types, e.Name, "the enum "+e.Name, e.Pos, "rename one of them")
		b.apiTypes(e.Name, "Filter", "ListFilter")
	}
	for _, s := range scalarNames() {
		b.apiTypes(s, "Filter", "ListFilter", "RangeFilter", "TrigramFilter")
	}
	b.apiTypes("JSON", "PathFilter")
	b.apiTypes("Text", "Search")
	b.apiTypes("Vector", "Nearest", "Distance")
	b.apiTypes("Similar", "To")
}

// apiTypes reports definitions whose name the API derives from another definition.
func (b *builder) apiTypes(name string, suffixes ...string) {
	for _, suffix := range suffixes {
		if d := b.shownAs(name + suffix); d != nil {
			b.errorf(codeReserved, d.Position, "choose another name", "%q is reserved: the API derives a type of that name from %s", name+suffix, name)
		}
	}
}

// IsPostgresType reports whether Postgres has a built-in type of that name, which would hide ours.
func IsPostgresType(name string) bool {
	return slices.Contains(strings.Fields(`bit bool box bytea char cidr circle date float4 float8 inet int2 int4 int8
		interval json jsonb jsonpath line lseg macaddr money name numeric oid path point polygon text time timestamp
		timestamptz timetz tsquery tsvector unknown uuid varbit varchar vector xml record`), name)
}

// warn reports what is valid but probably unintended.
func (b *builder) warn() {
	b.views(func(t *typeDecl) {
		if len(t.uses["auth"]) == 0 {
			b.add("warning", codeNoRules, b.spanOf(t.def.Position), fmt.Sprintf("%q has no @auth rules, so that it is not in the API", t.Name), "add @auth(rules: [{ allow: … }])")
		}
	})
	b.stored(func(t *typeDecl) {
		if len(t.uses["auth"]) == 0 {
			b.add("warning", codeNoRules, b.spanOf(t.def.Position), fmt.Sprintf("%q has no @auth rules, so only the service can reach it through the API", t.Name),
				"add @auth(rules: [{ allow: … }]), or @auth(rules: []) if that is intended")
		}
		isWritten := slices.ContainsFunc(t.Rules, func(r schema.Rule) bool { return r.Allows(schema.Create) || r.Allows(schema.Update) })
		if len(t.Metrics) > 0 && len(t.uses["auth"]) > 0 && !isWritten {
			b.add("warning", codeIdleMetric, b.spanOf(t.def.Position), fmt.Sprintf("the metrics of %q stay at 0, because no rule allows the API to create or update its rows", t.Name),
				"add a rule with operations: [CREATE, UPDATE], for example for the role of the service that writes them")
		}
	})
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// splitWords splits a physical name at every character that is neither a letter nor a digit.
func splitWords(name string) []string {
	return strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
