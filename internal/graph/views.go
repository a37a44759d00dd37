package graph

import (
	"fmt"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/schema"
)

// checkViews refuses views where statements run under policies, which views do not have: the role of a caller may read none, and a rule that looks
// at other rows would see too few of them.
func (a *API) checkViews() error {
	for _, t := range a.model.Views {
		if a.options.Policed && exposed(t) {
			return fault.New(fault.Invalid, "derive the API", fmt.Sprintf("%s: %s is over a view, to which row-level security does not apply", t.Pos, t.Name),
				"remove database.rls: enforce, or return its rows by a field of Query with @sql")
		}
	}
	return nil
}

// viewProbe is a statement with the columns of a view.
func viewProbe(t *schema.Type) Probe {
	columns := make([]string, len(t.Fields))
	for i, f := range t.Fields {
		columns[i] = ident(f.Column) + "::" + valueOf(f).columnType()
	}
	return Probe{What: t.Name, Pos: t.Pos, Offset: -1, SQL: "SELECT " + join(columns, ", ") + " FROM " + ident(t.Table)}
}

// columnType is sqlType for a column that has a type of its own.
func (v valueType) columnType() string {
	if v.dataType != "" {
		return v.dataType
	}
	return v.sqlType()
}
