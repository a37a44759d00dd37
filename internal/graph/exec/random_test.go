package exec_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/graph"
)

var (
	operations = flag.Int("operations", 150, "how many random operations TestRandomOperations sends")
	randomSeed = flag.Uint64("seed", 1, "where they start")
)

// Whatever a client asks, it is answered or told what is wrong. No operation becomes SQL that Postgres refuses.
func TestRandomOperations(t *testing.T) {
	for _, api := range []struct {
		name   string
		client client
		schema *ast.Schema
	}{
		{"platform", newClient(t, nil), platform(t, graph.Options{MaxAliases: manyAliases}).Schema()},
		{"things", things(t), apiOf(t, thingSchema).Schema()},
		{"computed", computedPeople(t), apiOf(t, computedSchema).Schema()},
		{"custom", customPeople(t), apiOf(t, customSchema).Schema()},
		{"lists", serve(t, arraySchema, "", "INSERT INTO notes (name, texts, ints) VALUES ('a', '{A}', '[1,3)')"), apiOf(t, arraySchema).Schema()},
		{"searched", serve(t, searchSchema, "", "INSERT INTO notes (name, title) VALUES ('a', 'p1')"), apiOf(t, searchSchema).Schema()},
		{"similar", serve(t, similarSchema, "CREATE EXTENSION pg_trgm", "INSERT INTO notes (name, text) VALUES ('a', 'p1')"), apiOf(t, similarSchema).Schema()},
		{"ballots", serve(t, ballotSchema, "", ballotRows), apiOf(t, ballotSchema).Schema()},
		{"relay", relayPlatform(t), platform(t, graph.Options{Relay: true}).Schema()},
	} {
		answered := 0
		for i := range *operations {
			g := operationMaker{Rand: rand.New(rand.NewPCG(*randomSeed, uint64(i))), schema: api.schema, variables: map[string]any{}, known: relayKnown[api.name]} //nolint:gosec // not for secrets
			text := g.operation()
			who := []caller.Caller{service, anonymous, ada, bob, admin, keyed, {UID: "alice"}}[g.IntN(7)]
			w := api.client.as(who).send(t, text, g.variables)
			body := w.Body.String()
			if w.Code >= 500 || strings.Contains(body, `"INTERNAL"`) || !json.Valid(w.Body.Bytes()) {
				vars, _ := json.Marshal(g.variables)
				t.Errorf("%s, operation %d as %+v: %d %s\n%s\nvariables %s", api.name, i, who, w.Code, body, text, vars)
			}
			if w.Code == 200 {
				answered++
			}
		}
		if answered < *operations/10 {
			t.Errorf("%s: only %d of %d operations are valid; the test asks too little", api.name, answered, *operations)
		}
	}
}

// operationMaker makes operations that are valid for a schema in most parts.
type operationMaker struct {
	*rand.Rand
	schema    *ast.Schema
	variables map[string]any
	known     map[string][]any // values of scalars that rows have
	defs      []string
	size      int
	by        []string // fields by which the groups that are being selected are grouped
}

func (g *operationMaker) operation() string {
	kind, root := "query", g.schema.Query
	if g.schema.Mutation != nil && g.IntN(4) == 0 {
		kind, root = "mutation", g.schema.Mutation
	}
	selection := g.selection(root, 4)
	defs := ""
	if len(g.defs) > 0 {
		defs = "(" + strings.Join(g.defs, ", ") + ")"
	}
	return kind + defs + selection
}

func (g *operationMaker) selection(def *ast.Definition, depth int) string {
	var b strings.Builder
	b.WriteString(" {")
	for range 1 + g.IntN(3) {
		f := def.Fields[g.IntN(len(def.Fields))]
		isGrouped := strings.HasSuffix(def.Name, "AggregateKeys") && len(g.by) > 0
		if isGrouped && g.IntN(10) > 0 {
			f = def.Fields.ForName(g.by[g.IntN(len(g.by))])
		}
		target := g.schema.Types[f.Type.Name()]
		nested := target.IsCompositeType()
		if strings.HasPrefix(f.Name, "__") || (nested && (depth == 0 || g.size > 30)) {
			b.WriteString(" __typename")
			continue
		}
		g.size++
		fmt.Fprintf(&b, " a%d: %s%s%s", g.size, f.Name, g.arguments(f), []string{"", "", "", " @include(if: true)", " @skip(if: true)"}[g.IntN(5)])
		if nested {
			b.WriteString(g.selection(target, depth-1))
		}
	}
	b.WriteString("}")
	return b.String()
}

func (g *operationMaker) arguments(f *ast.FieldDefinition) string {
	var list []string
	for _, a := range f.Arguments {
		if !a.Type.NonNull && g.IntN(3) == 0 {
			continue
		}
		value := g.value(a.Type, 3)
		if strings.HasSuffix(a.Type.Name(), "AggregateBy") {
			value = g.groupedBy(g.schema.Types[a.Type.Name()])
		}
		if g.IntN(3) == 0 {
			name := fmt.Sprintf("v%d", len(g.defs))
			g.defs = append(g.defs, "$"+name+": "+a.Type.String())
			if g.IntN(8) > 0 || a.Type.NonNull {
				g.variables[name] = value
			}
			list = append(list, a.Name+": $"+name)
			continue
		}
		list = append(list, a.Name+": "+literalOf(value))
	}
	if list == nil {
		return ""
	}
	return "(" + strings.Join(list, ", ") + ")"
}

// groupedBy makes the argument by of groups.
func (g *operationMaker) groupedBy(def *ast.Definition) any {
	g.by = nil
	list := []any{}
	for range 1 + g.IntN(2) {
		element, _ := g.value(ast.NonNullNamedType(def.Name, nil), 1).(map[string]any)
		if g.IntN(3) > 0 {
			delete(element, "timeZone")
		} else if g.IntN(5) > 0 {
			element["timeZone"] = "Europe/Berlin"
		}
		if g.IntN(2) == 0 {
			delete(element, "interval")
		}
		g.by, list = append(g.by, string(element["field"].(enumValue))), append(list, element)
	}
	return list
}

// samples are values of scalars, some of them at limits and some wrong.
var samples = map[string][]any{
	"Int": {0, 1, -1, 2, 5, 100, 32767, -2147483648, 2147483647}, "Float": {0.0, 1.5, -1e300, 1e-300, 5}, "Boolean": {true, false},
	"String": {"", "a", "p1", "%", "O'Neil \"x\" \\", "日本", "null", "{}", "\u007f", "(", "a\\", "[1,3)", "0"}, "ID": {"ada", "alice", "x", "00000000-0000-7000-8000-0000000a0001", 5},
	"Int64": {"0", "9223372036854775807", 7}, "Decimal": {"1.50", "0", "-3", "1e5"}, "DateTime": {"2026-01-31T12:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999+14:00"},
	"Date": {"2026-01-31", "0001-01-01", "9999-12-31"}, "Duration": {"PT1H", "-P1Y2M", "P0D"}, "Bytes": {"", "aGk="},
	"JSON": {nil, true, 1, "x", []any{1, nil}, map[string]any{"a": map[string]any{}}},
}

func (g *operationMaker) value(typ *ast.Type, depth int) any {
	if !typ.NonNull && g.IntN(12) == 0 {
		return nil
	}
	if typ.Elem != nil {
		list := []any{}
		for range g.IntN(3) {
			list = append(list, g.value(typ.Elem, depth))
		}
		return list
	}
	def := g.schema.Types[typ.NamedType]
	switch {
	case def.Kind == ast.Enum:
		return enumValue(def.EnumValues[g.IntN(len(def.EnumValues))].Name)
	case def.Kind != ast.InputObject:
		list := samples[def.Name]
		if known := g.known[def.Name]; len(known) > 0 && g.IntN(5) > 0 {
			list = known
		}
		return list[g.IntN(len(list))]
	}
	object := map[string]any{}
	for _, f := range def.Fields {
		if !f.Type.NonNull && (depth == 0 || g.IntN(len(def.Fields)) > 1) {
			continue
		}
		object[f.Name] = g.value(f.Type, depth-1)
		if strings.HasSuffix(def.Name, "Order") {
			break
		}
	}
	return object
}

// enumValue is written without quotes in a document.
type enumValue string

// literalOf writes a value in a document.
func literalOf(value any) string {
	switch v := value.(type) {
	case enumValue:
		return string(v)
	case []any:
		parts := make([]string, len(v))
		for i, item := range v {
			parts[i] = literalOf(item)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		var parts []string
		for _, name := range slices.SortedFunc(maps.Keys(v), func(a, b string) int { return strings.Compare(original(a), original(b)) }) {
			parts = append(parts, name+": "+literalOf(v[name]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	text, _ := json.Marshal(value)
	return string(text)
}
