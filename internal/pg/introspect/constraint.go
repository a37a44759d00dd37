package introspect

import (
	"regexp"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/sdl"
)

// takeConstraints imports unique constraints and checks.
func (m *importer) takeConstraints(t *table) {
	for i := range t.Constraints {
		switch c := &t.Constraints[i]; c.Kind {
		case "unique":
			m.unique(t, c.Columns, "constraint "+c.Name)
		case "check":
			m.check(t, c)
		case "exclusion":
			m.leave("constraint "+c.Name+" of "+t.Name, "the schema language does not support exclusion constraints")
		}
	}
	for _, i := range m.indexesOf(t) {
		if ddl.KeepsUnique(i) {
			m.unique(t, sqltext.UnquoteAll(i.Columns), "index "+i.Name)
		}
	}
}

func (m *importer) indexesOf(t *table) (list []*catalog.Index) {
	for i := range m.catalog.Indexes {
		if x := &m.catalog.Indexes[i]; x.Schema == t.Schema && x.Table == t.Name && !x.Constraint {
			list = append(list, x)
		}
	}
	return list
}

func (m *importer) unique(t *table, columns []string, what string) {
	fields := t.ofColumns(columns)
	if len(columns) == 1 {
		if f := t.ofColumn(columns[0]); (f.column == nil) || ddl.MayBeUnique(m.catalog.BaseType(f.column.Type)) {
			f.unique = true
			return
		}
	}
	d := directive{text: "@unique(fields: " + quoteAll(fields) + ")"}
	if len(columns) == 1 || slices.Contains(t.directives, d) {
		m.leave(what+" of "+t.Name, "it is a duplicate, or the schema language does not support it")
		return
	}
	t.directives = append(t.directives, d)
}

// check imports a check as a constraint of the field, in CEL, or in SQL.
func (m *importer) check(t *table, c *catalog.Constraint) {
	if !c.Validated {
		m.leave("constraint "+c.Name+" of "+t.Name, "it is NOT VALID: existing rows may violate it")
		return
	}
	condition, ok := strings.CutPrefix(strings.TrimSuffix(c.Definition, " NO INHERIT"), "CHECK ")
	if !ok {
		return
	}
	condition = inner(condition)
	var f *field
	if len(c.Columns) == 1 {
		f = t.ofColumn(c.Columns[0])
	}
	d := directive{text: "@check(sql: " + sdl.Quote(condition)}
	if key := "check " + t.Name + "." + c.Name; !m.InSQL[key] {
		if f != nil && m.constraint(f, condition, key) {
			return
		}
		if cel, ok := m.toCEL(t, condition); ok {
			d = directive{"@check(expr: " + sdl.Quote(cel), key}
		}
	}
	d.text += ", name: " + sdl.Quote(c.Name) + ")"
	if f == nil || f.to != nil {
		t.directives = append(t.directives, d)
		return
	}
	f.directives = append(f.directives, d)
}

// inner removes parentheses around a whole expression.
func inner(sql string) string {
	for strings.HasPrefix(sql, "(") && strings.HasSuffix(sql, ")") {
		depth, rest := 0, sql
		for rest != "" {
			n, _ := sqltext.Token(rest)
			if n < 0 {
				return sql
			}
			switch rest[:n] {
			case "(":
				depth++
			case ")":
				depth--
			}
			rest = rest[n:]
			if depth == 0 && rest != "" {
				return sql
			}
		}
		sql = strings.TrimSpace(sql[1 : len(sql)-1])
	}
	return sql
}

const (
	measured = `(char_length|octet_length|cardinality)\((.+?)\)`
	digits   = `([0-9]+)`
	bounded  = `\(?'?(-?[0-9][-0-9.:+T ]*)'?(?:::[a-z ]+)?\)?(?:::[a-z ]+)?`
)

var (
	lengthBoth = regexp.MustCompile(`^\(` + measured + ` >= ` + digits + `\) AND \(` + measured + ` <= ` + digits + `\)$`)
	lengthOne  = regexp.MustCompile(`^` + measured + ` (>=|<=|=) ` + digits + `$`)
	rangeBoth  = regexp.MustCompile(`^\((\S+) >= ` + bounded + `\) AND \((\S+) <= ` + bounded + `\)$`)
	rangeOne   = regexp.MustCompile(`^(\S+) (>=|<=) ` + bounded + `$`)
	pattern    = regexp.MustCompile(`^(\S+) ~ '((?:[^']|'')*)'::text$`)
	elements   = regexp.MustCompile(`^array_position\((\S+), NULL::[^)]+\) IS NULL$`)
)

// constraint takes a condition as @length, @range, @pattern or @format, or as the elements of a list that are never null. It takes
// each once.
func (m *importer) constraint(f *field, condition, key string) bool {
	column := sqltext.Ident(f.column.Name)
	if x := elements.FindStringSubmatch(condition); x != nil && f.list && x[1] == column {
		first := !f.elements
		f.elements = true
		return first
	}
	for _, translate := range []func(f *field, column, condition string) string{lengthOf, rangeOf, patternOf} {
		text := translate(f, column, condition)
		kind, _, _ := strings.Cut(text, "(")
		if text != "" && !f.has[kind] {
			f.has[kind] = true
			f.directives = append(f.directives, directive{text, key})
			return true
		}
	}
	return false
}

// lengthOf returns a condition on a column as @length, "" where it is none.
func lengthOf(f *field, column, condition string) string {
	if !f.list && f.scalar != "String" && f.scalar != "Bytes" {
		return ""
	}
	of := func(arg string) bool { return arg == column || arg == "("+column+")::text" }
	if x := lengthBoth.FindStringSubmatch(condition); x != nil && of(x[2]) && of(x[5]) {
		return limits("@length", x[3], x[6])
	}
	if x := lengthOne.FindStringSubmatch(condition); x != nil && of(x[2]) {
		low, high := limitsOf(x[3], x[4])
		return limits("@length", low, high)
	}
	return ""
}

var ranged = []string{"Int", "Int64", "Float", "Decimal", "Date", "DateTime"}

// rangeOf returns a condition on a column as @range, "" where it is none.
func rangeOf(f *field, column, condition string) string {
	if f.list || !slices.Contains(ranged, f.scalar) {
		return ""
	}
	value := func(text string) string {
		if f.scalar == "Date" || f.scalar == "DateTime" {
			return sdl.Quote(text)
		}
		return text
	}
	if x := rangeBoth.FindStringSubmatch(condition); x != nil && x[1] == column && x[3] == column {
		return limits("@range", value(x[2]), value(x[4]))
	}
	if x := rangeOne.FindStringSubmatch(condition); x != nil && x[1] == column {
		low, high := limitsOf(x[2], value(x[3]))
		return limits("@range", low, high)
	}
	return ""
}

// limitsOf returns the limits that a comparison with a value sets, "" for none.
func limitsOf(operator, value string) (low, high string) {
	switch operator {
	case ">=":
		return value, ""
	case "<=":
		return "", value
	}
	return value, value
}

// limits writes a directive with one limit or two.
func limits(name, low, high string) string {
	var args []string
	if low != "" {
		args = append(args, "min: "+low)
	}
	if high != "" {
		args = append(args, "max: "+high)
	}
	return name + "(" + strings.Join(args, ", ") + ")"
}

// patternOf returns a condition on a column as @format or @pattern, "" where it is none.
func patternOf(f *field, column, condition string) string {
	x := pattern.FindStringSubmatch(condition)
	plainText := f.scalar == "String" && !f.list && f.dataType == ""
	if x == nil || !plainText || x[1] != column {
		return ""
	}
	regex := strings.ReplaceAll(x[2], "''", "'")
	for _, format := range schema.Formats {
		if regex == format.Pattern() {
			return "@format(type: " + string(format) + ")"
		}
	}
	if _, err := regexp.Compile(regex); err != nil || !ddl.PlainPattern(regex) {
		return ""
	}
	return "@pattern(regex: " + sdl.Quote(regex) + ")"
}

// takeIndexes imports the indexes that the schema language supports.
func (m *importer) takeIndexes(t *table) {
	for _, i := range m.indexesOf(t) {
		fields := t.ofColumns(sqltext.UnquoteAll(i.Columns))
		switch {
		case ddl.KeepsUnique(i):
			continue
		case !ddl.Expressible(i, t.Table) || fields == nil:
			m.leave("index "+i.Name+" of "+t.Name, "the schema language does not support it; the database keeps it")
			continue
		}
		args := []string{"fields: " + quoteAll(fields)}
		var order []string
		for n := range i.Columns {
			direction := "ASC"
			if ddl.Descends(i, n) {
				direction = "DESC"
			}
			order = append(order, direction)
		}
		if slices.Contains(order, "DESC") {
			args = append(args, "order: ["+strings.Join(order, ", ")+"]")
		}
		key := ""
		if i.Predicate != "" {
			var where string
			where, key = m.where(t, i)
			args = append(args, where)
		}
		if i.Method != "btree" {
			args = append(args, "type: "+strings.ToUpper(ddl.Method(i)))
		}
		t.directives = append(t.directives, directive{"@index(" + strings.Join(append(args, "name: "+sdl.Quote(i.Name)), ", ") + ")", key})
	}
}

// where writes the condition of a partial index: in CEL, with the key of that, or in SQL.
func (m *importer) where(t *table, i *catalog.Index) (argument, key string) {
	condition := inner(i.Predicate)
	key = "index " + t.Name + "." + i.Name
	if cel, ok := m.toCEL(t, condition); ok && !m.InSQL[key] {
		return "where: " + sdl.Quote(cel), key
	}
	return "whereSql: " + sdl.Quote(condition), ""
}
