package config

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// leaves returns the dotted, lower-case path and type of every field that a key may fill.
func leaves(at reflect.Type, prefix string, out map[string]reflect.Type) {
	for field := range at.Fields() {
		path := strings.ToLower(prefix + field.Name)
		switch {
		case !field.IsExported() || field.Tag.Get("mapstructure") == "-":
		case field.Type.Kind() == reflect.Struct && field.Type != reflect.TypeFor[Secret]():
			leaves(field.Type, path+".", out)
		default:
			out[path] = field.Type
		}
	}
}

func TestEveryKeyHasItsFieldAndEveryFieldItsKey(t *testing.T) {
	fields := map[string]reflect.Type{}
	leaves(reflect.TypeFor[Config](), "", fields)
	types := map[Kind]reflect.Type{Text: reflect.TypeFor[string](), SecretText: reflect.TypeFor[Secret](), Int: reflect.TypeFor[int](),
		Bool: reflect.TypeFor[bool](), Duration: reflect.TypeFor[time.Duration](), Size: reflect.TypeFor[ByteSize](), Ratio: reflect.TypeFor[float64](),
		Address: reflect.TypeFor[string](), HTTPURL: reflect.TypeFor[string](), List: reflect.TypeFor[[]string]()}
	for _, k := range keys {
		path := strings.ToLower(k.Path)
		if k.Kind == Objects {
			items := map[string]reflect.Type{}
			leaves(fields[path].Elem(), "", items)
			for _, item := range k.Items {
				if items[strings.ToLower(item.Path)] != types[item.Kind] {
					t.Errorf("%s.%s is %s, its field %v", k.Path, item.Path, item.Kind, items[item.Path])
				}
				delete(items, strings.ToLower(item.Path))
			}
			if len(items) > 0 {
				t.Errorf("%s has no key for %v", k.Path, items)
			}
		} else if fields[path] != types[k.Kind] {
			t.Errorf("%s is %s, its field %v", k.Path, k.Kind, fields[path])
		}
		delete(fields, path)
		if k.Doc == "" || !strings.HasSuffix(k.Doc, ".") {
			t.Errorf("%s: its documentation is no sentence", k.Path)
		}
	}
	for path := range fields {
		t.Errorf("the field %s has no key", path)
	}
}

// unset are the keys that have no value by default.
var unset = []string{"project", "release", "log.file", "server.probeAddress", "server.publicUrl", "auth.people.type", "auth.people.name", "auth.people.avatar", "auth.people.roles", "auth.people.tier", "auth.session.page", "telemetry.service", "telemetry.traces.endpoint", "telemetry.metrics.endpoint",
	"analytics.posthog.host", "analytics.posthog.key", "graphql.trustedDocuments"}

func TestEveryDefaultIsAValueOfItsKey(t *testing.T) {
	for _, k := range keys {
		for _, item := range k.Items {
			if _, err := item.parse(item.Default); err != nil && item.Default != "" {
				t.Errorf("%s.%s: %q %v", k.Path, item.Path, item.Default, err)
			}
		}
		for _, environment := range []string{Development, Test, Production, "staging"} {
			text := k.DefaultFor(environment)
			mayBeUnset := k.Kind == Objects || k.Kind == SecretText || slices.Contains(unset, k.Path)
			if text == "" && mayBeUnset {
				continue
			}
			if _, err := k.parse(text); err != nil {
				t.Errorf("%s in %s: %q %v", k.Path, environment, text, err)
			}
		}
	}
}

func TestVariableNames(t *testing.T) {
	var names []string
	for _, k := range keys {
		if name := k.Variable(); slices.Contains(names, name) && name != "" {
			t.Errorf("%s is the variable of two keys", name)
		} else {
			names = append(names, name)
		}
	}
	for path, want := range map[string]string{
		"project": "KROWOC_PROJECT", "database.maxConnections": "KROWOC_DATABASE_MAX_CONNECTIONS",
		"server.timeouts.readHeader": "KROWOC_SERVER_TIMEOUTS_READ_HEADER", "health.urls": "",
	} {
		if k, _ := lookup(keys, path); k.Variable() != want {
			t.Errorf("%s: %s, want %s", path, k.Variable(), want)
		}
	}
}

func TestByteSize(t *testing.T) {
	for text, want := range map[string]ByteSize{"0": 0, "512": 512, "1KiB": 1024, "1 MiB": 1 << 20, "10MB": 1e7, "3GiB": 3 << 30, "7B": 7, "2kB": 2000} {
		got, err := parseSize(text)
		if err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
		if again, err := parseSize(got.(ByteSize).String()); err != nil || again != want {
			t.Errorf("%q is written %s, which is not read back: %v, %v", text, got, again, err)
		}
	}
}

func TestSettingText(t *testing.T) {
	for want, value := range map[string]any{
		"a,b": []string{"a", "b"}, "3": 3, "": "", "a=http://a,b=http://b": []map[string]any{{"name": "a", "url": "http://a"}, {"name": "b", "url": "http://b"}},
	} {
		if got := (Setting{Value: value}).Text(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
