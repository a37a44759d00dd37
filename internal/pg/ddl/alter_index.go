package ddl

import (
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
)

// alterIndexes adds and drops the indexes of an existing table, each in a file of its own. It drops indexes last, so that queries always have
// one.
func (p *planner) alterIndexes(cur, want *catalog.Table) {
	had, has := indexesOf(p.cur, cur), indexesOf(p.want, want)
	for _, i := range has {
		if byName(had, i.Name) == nil && !isRenamed(had, has, i) {
			p.alone = append(p.alone, lone{i.Name, []step{p.createIndex(cur, i, p.index(i)).changing(indexObject(i))}})
		}
	}
	for _, i := range had {
		switch to := byName(has, i.Name); {
		case to != nil && body(to) == body(i):
		case to != nil && p.goesWithColumns(cur, want, i):
			p.alone = append(p.alone, lone{i.Name, []step{p.createIndex(cur, to, p.index(to)).changing(indexObject(to))}})
		case to != nil:
			p.alone = append(p.alone, lone{i.Name, []step{p.replaceIndex(cur, i, to).changing(indexObject(to))}})
		case renamedIndex(had, has, i) != nil:
			to := renamedIndex(had, has, i)
			p.main = append(p.main, one("ALTER INDEX "+name(i.Schema, i.Name)+" RENAME TO "+ident(to.Name), "ALTER INDEX "+name(i.Schema, to.Name)+" RENAME TO "+ident(i.Name)).renaming(indexObject(to), indexObject(i)))
		case losesColumn(cur, want, i): // see indexesOfGoneColumns
		case !Expressible(i, cur):
			// The schema language does not support it, so it was written by hand.
		case p.droppable(cur.Name, i.Name, "index"):
			create := p.createIndex(cur, i, plainIndex(i))
			p.alone = append(p.alone, lone{"drop_" + i.Name, []step{{up: create.down, down: create.up, of: []object{indexObject(i)}}}})
		}
	}
}

// losesColumn reports whether an index uses a column that the schema no longer has. It is dropped or kept together with the column.
func losesColumn(cur, want *catalog.Table, i *catalog.Index) bool {
	return slices.ContainsFunc(cur.Columns, func(c catalog.Column) bool { return want.Column(c.Name) == nil && isOver(i, c.Name) })
}

// indexesOfGoneColumns returns the statements that create the indexes again that Postgres drops together with a column.
func (p *planner) indexesOfGoneColumns(cur, want *catalog.Table) (statements []string) {
	had, has := indexesOf(p.cur, cur), indexesOf(p.want, want)
	for _, i := range had {
		if renamedIndex(had, has, i) == nil && p.goesWithColumns(cur, want, i) {
			statements = append(statements, plainIndex(i))
		}
	}
	return statements
}

// goesWithColumns reports whether Postgres drops an index together with a column.
func (p *planner) goesWithColumns(cur, want *catalog.Table, i *catalog.Index) bool {
	return slices.ContainsFunc(cur.Columns, func(c catalog.Column) bool {
		return want.Column(c.Name) == nil && isOver(i, c.Name) && p.mayDropColumn(cur, c.Name)
	})
}

func byName(list []*catalog.Index, name string) *catalog.Index {
	for _, i := range list {
		if i.Name == name {
			return i
		}
	}
	return nil
}

// body returns the definition of an index without its name.
func body(i *catalog.Index) string {
	head := "INDEX " + ident(i.Name) + " "
	return strings.Replace(strings.Replace(i.Definition, head, "INDEX ", 1), " ON ONLY ", " ON ", 1)
}

func renamedIndex(had, has []*catalog.Index, i *catalog.Index) *catalog.Index {
	for _, to := range has {
		if body(to) == body(i) && byName(had, to.Name) == nil && byName(has, i.Name) == nil {
			return to
		}
	}
	return nil
}

func isRenamed(had, has []*catalog.Index, to *catalog.Index) bool {
	for _, i := range had {
		if renamedIndex(had, has, i) == to {
			return true
		}
	}
	return false
}
