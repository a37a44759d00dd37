package change

import (
	"encoding/json"
	"slices"

	"github.com/krowoc/krowoc/internal/generate/shape"
	"github.com/krowoc/krowoc/internal/schema"
)

// modelChanges compares the fields of the generated models.
func modelChanges(before, after *schema.Schema) (changes []ModelChange) {
	was := map[string]map[string]string{}
	for _, t := range shape.Of(before) {
		was[t.Name] = modelFields(t)
	}
	for _, t := range shape.Of(after) {
		old, there := was[t.Name]
		delete(was, t.Name)
		if !there {
			changes = append(changes, ModelChange{Type: t.Name, Added: []string{"*"}})
			continue
		}
		c := ModelChange{Type: t.Name}
		fields := modelFields(t)
		for _, f := range t.Fields {
			switch text, known := old[f.Name]; {
			case !known:
				c.Added = append(c.Added, f.Name)
			case text != fields[f.Name]:
				c.Changed = append(c.Changed, f.Name)
			}
		}
		for name := range old {
			if _, kept := fields[name]; !kept {
				c.Removed = append(c.Removed, name)
			}
		}
		slices.Sort(c.Removed)
		if c.Added != nil || c.Changed != nil || c.Removed != nil {
			changes = append(changes, c)
		}
	}
	for _, t := range shape.Of(before) {
		if _, gone := was[t.Name]; gone {
			changes = append(changes, ModelChange{Type: t.Name, Removed: []string{"*"}})
		}
	}
	return changes
}

// modelFields describes the fields of a model. Equal descriptions mean equal generated code.
func modelFields(t shape.Type) map[string]string {
	fields := map[string]string{}
	for _, f := range t.Fields {
		c := f.Constraints()
		text, _ := json.Marshal([]any{f.Leaf.Type.Name(), f.List(), f.Nullable, f.NullableElements(), f.Optional, f.Fixed, c}) // plain values cannot fail
		fields[f.Name] = string(text)
	}
	return fields
}
