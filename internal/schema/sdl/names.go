package sdl

import (
	"slices"
	"strings"
	"unicode"

	"github.com/krowoc/krowoc/internal/schema"
)

// reservedPrefix starts the names of the enums and inputs in Directives.
const reservedPrefix = "Krowoc"

// names remembers what has taken each name of one namespace of the database or of the API.
type names map[string]string

// claim takes a name, or reports who has it.
func (b *builder) claim(in names, name, owner string, at schema.Position, remedy string) bool {
	if other, taken := in[name]; taken {
		b.reportAt(codeCollision, at, remedy, owner+" and "+other+" would both be called "+name)
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

// checkNames looks for two things that would have one name in the database or in the API, and for names
// that are taken already.
func (b *builder) checkNames() {
	relations, types := names{}, names{}
	for _, e := range b.enums {
		if IsPostgresType(e.DBName) {
			b.reportAt(codeReserved, e.Pos, "choose another name", "Postgres has a type "+e.DBName+" of its own")
		}
		b.claim(types, e.DBName, "enum "+e.Name, e.Pos, "rename one of them")
	}
	tables := b.joins
	b.stored(func(t *typeDecl) { tables = append(tables, t.Type) })
	for _, t := range b.joins {
		if b.defined(t.Name) {
			b.reportAt(codeCollision, t.Pos, `name the join table with @manyToMany(table: "…"), or the type with @manyToMany(through: "`+t.Name+`")`, "the join table of "+t.Join.Left.Name+" would be the type "+t.Name+", which there is")
		}
	}
	for _, t := range tables {
		owner, remedy := "the table of "+t.Name, `give one another table: @table(name: "…")`
		if t.Join != nil {
			owner, remedy = "the join table of "+t.Join.Left.Owner.Name+"."+t.Join.Left.Name, `give one another table: @manyToMany(table: "…")`
		}
		if b.claim(types, t.Table, owner, t.Pos, remedy) {
			b.tableNames(relations, t)
		}
	}
	b.apiNames()
}

// tableNames checks the names of a table, its indexes, its columns and its constraints.
func (b *builder) tableNames(relations names, t *schema.Type) {
	remedy := `give one a name: name: "…"`
	of := " of " + t.Name
	b.claim(relations, t.Table, "the table"+of, t.Pos, remedy)
	b.claim(relations, schema.ObjectName(t.Table, nil, "pkey"), "the key"+of, t.Pos, remedy)
	columns, constraints := names{}, names{}
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
			b.claim(columns, c, owner, f.Pos, `give one another column: @col(name: "…")`)
			if slices.Contains([]string{"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"}, c) {
				b.reportAt(codeReserved, f.Pos, `choose another name, or @col(name: "…")`, "every table of Postgres has a column "+c+" of its own")
			}
			if len(c) > schema.MaxName {
				b.reportAt(codeInvalidName, f.Pos, `shorten it, or write @col(name: "…")`, "the column "+c+" has more than 63 bytes")
			}
		}
	}
}

// apiNames checks that the names derived for the API are free: for Prompt the fields prompt and prompts, and
// the types PromptConnection, PromptWhere and so on.
func (b *builder) apiNames() {
	fields := names{}
	b.stored(func(t *typeDecl) {
		single := schema.CamelCase(t.Name)
		b.claim(fields, single, "the query for one "+t.Name, t.Pos, "rename one of the types")
		b.claim(fields, schema.Plural(single), "the query for many "+t.Name, t.Pos, "rename one of the types")
		b.apiTypes(t.Name, "Connection", "Edge", "Where", "ListWhere", "Order", "Create", "Patch")
		for _, f := range t.fields {
			if f.Name == "and" || f.Name == "or" || f.Name == "not" {
				b.errorf(codeReserved, f.def.Position, "choose another name", "%s joins the conditions of where in the API", f.Name)
			}
		}
	})
	for _, e := range b.enums {
		b.apiTypes(e.Name, "Filter", "ListFilter")
	}
	for _, s := range scalarNames() {
		b.apiTypes(s, "Filter", "ListFilter")
	}
}

// apiTypes reports the definitions that are called like what the API derives from another.
func (b *builder) apiTypes(name string, suffixes ...string) {
	for _, suffix := range suffixes {
		if d := b.defs.ForName(name + suffix); d != nil {
			b.errorf(codeReserved, d.Position, "choose another name", "the API has a type %s of its own, for lists of %s", d.Name, name)
		}
	}
}

// IsPostgresType reports whether Postgres has a type of that name that would hide one of ours.
func IsPostgresType(name string) bool {
	return slices.Contains(strings.Fields(`bit bool box bytea char cidr circle date float4 float8 inet int2 int4 int8
		interval json jsonb jsonpath line lseg macaddr money name numeric oid path point polygon text time timestamp
		timestamptz timetz tsquery tsvector unknown uuid varbit varchar vector xml record`), name)
}

// warn remarks on what is allowed and probably not meant.
func (b *builder) warn() {
	b.stored(func(t *typeDecl) {
		if len(t.uses["auth"]) == 0 {
			b.add("warning", codeNoRules, b.spanOf(t.def.Position), t.Name+" has no @auth rule, so nobody but the service reaches it through the API",
				"write @auth(rules: [{ allow: … }]), or @auth(rules: []) if that is meant")
		}
	})
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// splitWords cuts a physical name at what is no letter and no digit.
func splitWords(name string) []string {
	return strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
