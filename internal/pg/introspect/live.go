package introspect

import (
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/changes"
)

// isNote reports whether an object is a trigger that notes changes of a table.
func isNote(o catalog.Other) bool {
	return o.Kind == "trigger" && strings.HasPrefix(o.Name, changes.TriggerPrefix)
}

// takeLive gives @live to types whose tables have the triggers of it.
func (m *importer) takeLive() {
	for _, o := range m.catalog.Others {
		if !isNote(o) {
			continue
		}
		_, name, _ := strings.Cut(o.Name, " on "+public+".")
		for _, t := range m.tables {
			if tableName(t.Table) == name && strings.HasPrefix(o.Name, changes.TriggerPrefix+"insert ") {
				t.directives = append(t.directives, directive{text: "@live"})
			}
		}
	}
}
