package sdl_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"cel.dev/cel-go/cel"
	"github.com/google/go-cmp/cmp"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/sdl"
)

// dump writes everything in a schema but where things stand in the source and what is checked. Types,
// fields and enums are written once and elsewhere named.
func dump(s *schema.Schema) string {
	var b strings.Builder
	for _, e := range s.Enums {
		dumpValue(&b, reflect.ValueOf(*e), "enum "+e.Name)
	}
	for _, t := range slices.Concat(s.Tables, s.Plain) {
		dumpValue(&b, reflect.ValueOf(*t), "type "+t.Name)
		for _, f := range t.Fields {
			dumpValue(&b, reflect.ValueOf(*f), "field "+t.Name+"."+f.Name)
		}
	}
	return b.String()
}

func dumpValue(b *strings.Builder, v reflect.Value, path string) {
	switch x := v.Interface().(type) {
	case schema.Position, *cel.Ast:
		return
	case *schema.Type:
		if x != nil {
			fmt.Fprintf(b, "%s = %s\n", path, x.Name)
		}
		return
	case *schema.Field:
		if x != nil {
			fmt.Fprintf(b, "%s = %s.%s\n", path, x.Owner.Name, x.Name)
		}
		return
	case *schema.Enum:
		if x != nil {
			fmt.Fprintf(b, "%s = %s\n", path, x.Name)
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			dumpValue(b, v.Field(i), path+"."+v.Type().Field(i).Name)
		}
	case reflect.Slice:
		fmt.Fprintf(b, "%s has %d\n", path, v.Len())
		for i := range v.Len() {
			dumpValue(b, v.Index(i), fmt.Sprintf("%s[%d]", path, i))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			dumpValue(b, v.Elem(), path)
		}
	case reflect.Interface:
		if !v.IsNil() {
			dumpValue(b, v.Elem(), path)
		}
	case reflect.Map:
		for _, k := range slices.Sorted(maps.Keys(v.Interface().(map[string]any))) {
			dumpValue(b, v.MapIndex(reflect.ValueOf(k)), path+"."+k)
		}
	case reflect.Float64:
		fmt.Fprintf(b, "%s = float %v\n", path, v.Interface())
	default:
		fmt.Fprintf(b, "%s = %#v\n", path, v.Interface())
	}
}

func print(t testing.TB, s *schema.Schema) string {
	t.Helper()
	var b bytes.Buffer
	if err := sdl.Print(&b, s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPrintedSchemasReadBackEqual(t *testing.T) {
	files, _ := filepath.Glob("testdata/valid/*.graphql")
	if len(files) == 0 {
		t.Fatal("no schemas")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			roundTrip(t, string(text))
		})
	}
}

func roundTrip(t testing.TB, text string) {
	t.Helper()
	first, list := sdl.Parse(sdl.Source{Name: "first.graphql", Text: text})
	if list.Errors() > 0 {
		t.Fatal(list.Error())
	}
	printed := print(t, first)
	second, list := sdl.Parse(sdl.Source{Name: "second.graphql", Text: printed})
	if list.Errors() > 0 {
		t.Fatalf("%s\n%s", list.Error(), printed)
	}
	if d := cmp.Diff(dump(first), dump(second)); d != "" {
		t.Fatalf("read back differently:\n%s\n%s", d, printed)
	}
	if again := print(t, second); again != printed {
		t.Fatalf("printed differently:\n%s", cmp.Diff(printed, again))
	}
}
