package ddl

import (
	"fmt"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// binding is a domain or a function that Postgres binds to an enum.
type binding struct {
	*catalog.Other
	name        string // qualified, without the parameters of a function
	schema, own string // its parts
	old         string // its name while it is replaced
	early       bool   // columns need it to change their type
	reads       bool   // its body is bound to a column of a replaced type
}

func (b *binding) isDomain() bool { return b.Kind == "domain" }

func newBinding(o *catalog.Other) *binding {
	b := &binding{Other: o}
	n, _ := sqltext.Token(o.Name)
	rest := o.Name[n+1:]
	m, _ := sqltext.Token(rest)
	b.name, b.schema, b.own = o.Name[:n+1+m], sqltext.Unquote(o.Name[:n]), sqltext.Unquote(rest[:m])
	return b
}

// text returns the definition of a domain, or that of a function from its parameters on.
func (b *binding) text() string {
	if b.isDomain() {
		return b.Definition
	}
	_, text, _ := strings.Cut(b.Definition, b.name)
	return text
}

// fixed returns the part of the text that Postgres binds to other objects. It reads the body of a function that is a string again in each
// session.
func (b *binding) fixed() string {
	if b.isDomain() {
		return b.text()
	}
	head, _, _ := strings.Cut(b.text(), "\nAS ")
	return head
}

// isIn reports whether SQL uses a domain or a function.
func (b *binding) isIn(sql string) bool {
	if b.isDomain() {
		return mentions(sql, b.name)
	}
	return mentions(sql, b.name+"(")
}

// readsColumn reports whether the body of a function contains a column of a replaced type, to which Postgres binds it as well.
func (b *binding) readsColumn(c *catalog.Catalog, types []string) bool {
	body := b.fixed()
	return !b.isDomain() && slices.ContainsFunc(c.Tables, func(t catalog.Table) bool {
		return mentions(body, catalogName(t.Schema, t.Name)) && slices.ContainsFunc(types, func(typ string) bool {
			return slices.ContainsFunc(columnsOfType(&t, typ), func(column catalog.Column) bool { return mentions(body, ident(column.Name)) })
		})
	})
}

// bindings returns the domains and functions that are bound to an enum, directly or through another one. Each one comes after those that it uses.
func bindings(c *catalog.Catalog, e *catalog.Enum) []*binding {
	var rest []*binding
	for i := range c.Others {
		if o := &c.Others[i]; slices.Contains([]string{"domain", "function", "procedure"}, o.Kind) {
			rest = append(rest, newBinding(o))
		}
	}
	r := &rebuilding{Catalog: c, enum: e}
	for more := true; more; {
		more = false
		rest = slices.DeleteFunc(rest, func(b *binding) bool {
			b.reads = b.readsColumn(c, r.types())
			isBound := b.reads || r.uses(b.fixed())
			if isBound {
				r.bound, more = append(r.bound, b), true
			}
			return isBound
		})
	}
	list := inOrder(r.bound)
	taken := map[string]bool{}
	for _, b := range list {
		b.old = cut(b.own) + "_old"
		for n := 2; taken[b.schema+"."+b.old]; n++ { // functions may share a name
			b.old = fmt.Sprintf("%s_old%d", cut(b.own), n)
		}
		taken[b.schema+"."+b.old] = true
	}
	return list
}

// inOrder sorts bindings so that each one comes after those that it uses. The body of a function counts, because Postgres checks it. So does
// any occurrence of a name: a superfluous order does no harm.
func inOrder(list []*binding) (sorted []*binding) {
	var visit func(b *binding, early bool)
	seen := map[*binding]bool{}
	visit = func(b *binding, early bool) {
		if seen[b] && (b.early || !early) {
			return
		}
		isNew := !seen[b]
		seen[b], b.early = true, early
		for _, other := range list {
			if other != b && mentions(b.text(), ident(other.own)) {
				visit(other, early)
			}
		}
		if isNew {
			sorted = append(sorted, b)
		}
	}
	for _, isDomain := range []bool{true, false} {
		for _, b := range list {
			if b.isDomain() == isDomain {
				visit(b, isDomain)
			}
		}
	}
	return sorted
}

// rebind returns four groups of statements: they rename domains and functions, create them again before and after columns change their type,
// and drop the renamed ones.
func (r *rebuilding) rebind() (aside, early, late, gone []string) {
	var domains []string
	for _, b := range r.bound {
		rename := fmt.Sprintf("ALTER %s %s RENAME TO %s", strings.ToUpper(b.Kind), short(b.Name), ident(b.old))
		if b.isDomain() {
			domains = append(domains, rename) // the parameters of functions still have their former names
		} else {
			aside = append(aside, rename)
			if b.reads {
				aside = append(aside, b.hollow())
			}
		}
		if b.early {
			early = append(early, b.create()...)
		} else {
			late = append(late, b.create()...)
		}
		gone = append(gone, "DROP "+strings.ToUpper(b.Kind)+" "+name(b.schema, b.old))
	}
	slices.Reverse(gone)
	return append(aside, domains...), early, late, gone
}

// hollow returns a statement that removes the body of a renamed function, so that the function is bound to its parameters only.
func (b *binding) hollow() string {
	head, _, _ := strings.Cut(b.fixed(), "\n LANGUAGE ")
	return fmt.Sprintf("CREATE OR REPLACE %s %s%s LANGUAGE plpgsql AS 'BEGIN END'", strings.ToUpper(b.Kind), name(b.schema, b.old), short(head))
}

// create returns the statements that create a domain or function as it was, with its comment, grants and owner. The owner is that of
// the former one, since a database can have other roles than the one that a plan sees.
func (b *binding) create() []string {
	object := strings.ToUpper(b.Kind) + " " + short(b.Name)
	sql := strings.TrimSpace(strings.Replace(short(b.Definition), "CREATE OR REPLACE ", "CREATE ", 1))
	owner := "SELECT proowner::regrole FROM pg_proc WHERE oid = " + literal(name(b.schema, b.old)) + "::regproc"
	if b.isDomain() {
		sql = "CREATE " + object + " AS " + sql
		owner = "SELECT typowner::regrole FROM pg_type WHERE oid = " + literal(name(b.schema, b.old)) + "::regtype"
	}
	own := fmt.Sprintf("DO $krowoc$ BEGIN EXECUTE %s || (%s); END $krowoc$", literal("ALTER "+object+" OWNER TO "), owner)
	return slices.Concat([]string{sql}, labels(strings.ToUpper(b.Kind), short(b.Name), b.Comment, b.Grants), []string{own})
}
