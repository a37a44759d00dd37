package ddl

import (
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/cast"
	"github.com/krowoc/krowoc/internal/pg/catalog"
)

func (p *planner) alterColumn(c *columnChange, t *catalog.Table, old, column *catalog.Column) {
	name := "ALTER COLUMN " + ident(column.Name)
	from, to := old.Default, column.Default
	if old.Generated != column.Generated || old.Identity != column.Identity || (old.Generated != "" && (from != to || old.Type != column.Type)) {
		if old.Identity != "" && column.Identity != "" {
			c.add(name+" SET GENERATED "+strings.ToUpper(column.Identity), name+" SET GENERATED "+strings.ToUpper(old.Identity))
			return
		}
		p.left = append(p.left, "the generation of column "+t.Name+"."+column.Name)
		return
	}
	typed := old.Type != column.Type || old.Collation != column.Collation
	if typed {
		if from != "" {
			c.add(name+" DROP DEFAULT", name+" SET DEFAULT "+short(from))
			from = ""
		}
		c.add(name+" "+p.setType(column, old), name+" "+p.setType(old, column))
		if loss := cast.Loss(p.baseType(old.Type), p.baseType(column.Type)); loss != "" {
			what := column.Name + " loses " + loss
			c.losses, c.gone = append(c.losses, what), append(c.gone, column.Name+" lost "+loss)
		}
	}
	switch {
	case from == to:
	case to == "":
		c.add(name+" DROP DEFAULT", name+" SET DEFAULT "+short(from))
	case from == "":
		c.add(name+" SET DEFAULT "+short(to), name+" DROP DEFAULT")
	default:
		c.add(name+" SET DEFAULT "+short(to), name+" SET DEFAULT "+short(from))
	}
	switch {
	case old.NotNull && !column.NotNull:
		c.add(name+" DROP NOT NULL", name+" SET NOT NULL")
	case column.NotNull && !old.NotNull && !inPrimaryKey(t, column.Name):
		if !slices.Contains(p.filled, t.Name+"."+column.Name) {
			p.fill = append(p.fill, t.Name+"."+column.Name)
		}
		p.setNotNull(t, column)
	}
}

// baseType follows domains to the type that they restrict.
func (p *planner) baseType(typ string) string {
	if base := p.cur.BaseType(typ); base != typ {
		return base
	}
	return p.want.BaseType(typ)
}

func (p *planner) setType(column, from *catalog.Column) string {
	sql := "TYPE " + short(column.Type)
	if column.Collation != "" {
		sql += " COLLATE " + short(column.Collation)
	}
	if column.Type == from.Type {
		return sql
	}
	// An explicit cast to a domain would cut what does not fit.
	if using := cast.Using(ident(column.Name), short(p.baseType(from.Type)), short(p.baseType(column.Type))); using != "" {
		sql += " USING " + using
	}
	return sql
}
