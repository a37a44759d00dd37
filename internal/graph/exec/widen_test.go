package exec_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/caller"
)

// However a client writes its filter, and whichever of its parts are null or missing: a write changes only rows that the whole filter matches,
// or none. With all parts it changes all of them that the caller may read and, by their
// keys, change.
func TestNothingMissingWidensAWrite(t *testing.T) {
	t.Parallel()
	c, schema := serve(t, batchSchema, "", batchRows), apiOf(t, batchSchema).Schema()
	callers := []caller.Caller{service, {UID: "ada"}, {UID: "jan", Roles: []string{"janitor"}}}
	writable := map[string]bool{} // by one key, as "ada a1"
	for _, who := range callers {
		for _, id := range []string{"a1", "a2", "a3", "b1", "b2", "b3"} {
			body := c.as(who).send(t, fmt.Sprintf(`mutation {updateTask(id: %q, data: {}) {id}}`, id), nil).Body.String()
			writable[who.UID+" "+id] = !strings.Contains(body, `"errors"`)
		}
	}
	whole, refused := 0, 0
	for i := range 2 * *operations {
		random := rand.New(rand.NewPCG(*randomSeed, uint64(i))) //nolint:gosec // not for secrets
		m := filterMaker{Rand: random, schema: schema, variables: map[string]any{}}
		typ := ast.NamedType("TaskWhere", nil)
		filter := m.value(typ, 3)
		text := m.print(filter, typ)
		who := callers[random.IntN(3)]
		matched := idsOf(t, c.as(who).data(t, `query($w: TaskWhere) {rows: tasks(where: $w, first: 100) {nodes {id touched}}}`, map[string]any{"w": filter}))
		maps.DeleteFunc(matched, func(id string, _ int) bool { return !writable[who.UID+" "+id] })
		before := idsOf(t, c.as(service).data(t, `{rows: tasks(first: 100) {nodes {id touched}}}`, nil))
		defs := ""
		if len(m.defs) > 0 {
			defs = "(" + strings.Join(m.defs, ", ") + ")"
		}
		all := []string{"", "", "all: false, ", "all: true, "}[random.IntN(4)]
		if empty, ok := m.variables["v0"].(map[string]any); ok && text == "$v0" && len(empty) == 0 && all == "all: true, " {
			continue // an empty filter asks for every row
		}
		query := "mutation" + defs + " {updateTasks(" + all + "where: " + text + ", data: {}) {count}}"
		w := c.as(who).send(t, query, m.variables)
		after := idsOf(t, c.as(service).data(t, `{rows: tasks(first: 100) {nodes {id touched}}}`, nil))
		var written []string
		for id := range after {
			if after[id] != before[id] {
				written = append(written, id)
			}
		}
		failed := strings.Contains(w.Body.String(), `"errors"`)
		wider := slices.ContainsFunc(written, func(id string) bool { _, ok := matched[id]; return !ok })
		switch {
		case wider, failed && len(written) > 0, m.missing && !failed, all == "all: true, " && !failed,
			!failed && len(written) != len(matched), failed && !m.missing && all != "all: true, ":
			vars, _ := json.Marshal(m.variables)
			t.Fatalf("%d: %s\nvariables %s as %+v writes %v, and the whole filter matches %v: %s", i, query, vars, who, written, slices.Collect(maps.Keys(matched)), w.Body)
		case failed:
			refused++
		case len(written) > 0:
			whole++
		}
	}
	if whole < *operations/10 || refused < *operations/10 {
		t.Errorf("%d writes are whole, %d are refused; the test asks too little", whole, refused)
	}
}

func idsOf(t *testing.T, data string) map[string]int {
	t.Helper()
	var answer struct {
		Rows struct {
			Nodes []struct {
				ID      string
				Touched int
			}
		}
	}
	if err := json.Unmarshal([]byte(data), &answer); err != nil {
		t.Fatal(err)
	}
	ids := map[string]int{}
	for _, n := range answer.Rows.Nodes {
		ids[n.ID] = n.Touched
	}
	return ids
}

// filterMaker makes a whole filter, and writes it with parts in variables, some of which are null or missing.
type filterMaker struct {
	*rand.Rand
	schema    *ast.Schema
	variables map[string]any
	defs      []string
	missing   bool // some part is
}

func (m *filterMaker) value(typ *ast.Type, depth int) any {
	if typ.Elem != nil {
		var list []any
		for range 1 + m.IntN(2) {
			list = append(list, m.value(typ.Elem, depth))
		}
		return list
	}
	def := m.schema.Types[typ.NamedType]
	if def.Kind != ast.InputObject {
		list := map[string][]any{"Int": {1, 2, 3}, "Int64": {"1", "2"}, "Decimal": {"0.5", "1"}, "Boolean": {true, false}, "ID": {"a1", "b1", "t1"}, "String": {"ada", "bob", "open", "done", "x", "Red"}}[def.Name]
		return list[m.IntN(len(list))]
	}
	object := map[string]any{}
	ofAggregates := strings.Contains(def.Name, "Aggregate")
	for most := 1 + m.IntN(2); len(object) < min(most, len(def.Fields)); {
		f := def.Fields[m.IntN(len(def.Fields))]
		nested := strings.HasSuffix(f.Type.Name(), "Where")
		isFunction := ofAggregates && f.Type.Elem == nil && f.Name != "not"
		tooDeep := nested && depth <= 0 && !isFunction
		isTouched := f.Name == "touched" && !ofAggregates
		if isTouched || (tooDeep && !strings.HasSuffix(def.Name, "ListWhere")) {
			continue
		}
		object[f.Name] = m.value(f.Type, depth-1)
	}
	if _, hasWhere := object["where"]; hasWhere && len(object) == 1 {
		object["count"] = map[string]any{"gte": 1} // where alone is no condition
	}
	return object
}

// print writes a value in a document.
func (m *filterMaker) print(value any, typ *ast.Type) string {
	if !typ.NonNull && m.IntN(30) == 0 {
		m.missing = true
		return "null"
	}
	if !typ.NonNull && m.IntN(4) == 0 {
		return m.variable(value, typ)
	}
	switch v := value.(type) {
	case []any:
		parts := make([]string, len(v))
		for i, item := range v {
			parts[i] = m.print(item, typ.Elem)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, name+": "+m.print(v[name], m.schema.Types[typ.NamedType].Fields.ForName(name).Type))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return literalOf(value)
}

// variable puts a value into a variable, or leaves it or a part of it out.
func (m *filterMaker) variable(value any, typ *ast.Type) string {
	name := fmt.Sprintf("v%d", len(m.defs))
	def := "$" + name + ": " + typ.String()
	switch m.IntN(9) {
	case 0:
		m.missing = true
	case 1:
		m.missing = true
		m.variables[name] = nil
	case 2:
		m.missing = true
		def += " = null"
	case 3:
		def += " = " + literalOf(value)
	case 4:
		damaged, lost := m.damage(value)
		m.missing = m.missing || lost
		m.variables[name] = damaged
	default:
		m.variables[name] = value
	}
	m.defs = append(m.defs, def)
	return "$" + name
}

// damage returns a copy of an object in which some part is null or, where nothing is left beside it, missing.
func (m *filterMaker) damage(value any) (any, bool) {
	object, ok := value.(map[string]any)
	if !ok {
		return value, false
	}
	object = maps.Clone(object)
	name := slices.Sorted(maps.Keys(object))[m.IntN(len(object))]
	inner, lost := m.damage(object[name])
	switch {
	case lost && m.IntN(2) == 0:
		object[name] = inner
	case len(object) == 1 && m.IntN(2) == 0:
		delete(object, name)
	default:
		object[name] = nil
	}
	return object, true
}
