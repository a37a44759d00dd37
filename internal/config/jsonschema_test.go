package config

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/testkit"
)

const repository = "../.."

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(JSONSchema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("krowoc.schema.json", document); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("krowoc.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestJSONSchemaOfTheRepositoryIsCurrent(t *testing.T) {
	testkit.Golden(t, filepath.Join(repository, "docs", "krowoc.schema.json"), JSONSchema())
}

func TestKrowocYAMLOfTheRepositoryIsValid(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(repository, FileName))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	if first != "# yaml-language-server: $schema=docs/krowoc.schema.json" {
		t.Errorf("editors will not find the schema: the first line is %q", first)
	}
	if err := validate(t, compiled(t), string(text)); err != nil {
		t.Error(err)
	}
	if _, err := Load(Options{Dir: repository, Environment: Production, Environ: []string{"DATABASE_URL=postgres://db/prompts"}}); err != nil {
		t.Error(err)
	}
}

func validate(t *testing.T, s *jsonschema.Schema, text string) error {
	t.Helper()
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	return s.Validate(value)
}

// The schema that editors use and the loader must agree on what is right.
func TestJSONSchemaAgreesWithTheLoader(t *testing.T) {
	s := compiled(t)
	for text, right := range map[string]bool{
		"":                        true,
		"project: shop":           true,
		"project: ${UNSET:-shop}": true,
		"project: Not A Name":     false,
		"project: 12":             false,
		"projct: shop":            false,
		"server:":                 true,
		"server: {timeouts: {read: 1m30s}, maxBodyBytes: 10MB}":  true,
		"server: {timeouts: {read: 30}}":                         false,
		"server: {timeouts: {read: -3s}}":                        false,
		"server: {maxBodyBytes: 4096}":                           true,
		"server: {maxBodyBytes: -1}":                             false,
		"server: {maxBodyBytes: lots}":                           false,
		"database: {postgres: 15}":                               true,
		"database: {postgres: 13}":                               false,
		"database: {maxConnections: 0}":                          false,
		"database: {maxConnections: '5'}":                        false,
		"database: {maxConnections: '${UNSET:-5}'}":              true,
		"database: {url: ''}":                                    true,
		"protected: yes please":                                  false,
		"database: {rls: enforce}":                               true,
		"database: {rls: {enforce: true, anonymous: visitor}}":   true,
		"database: {rls: anonymous}":                             false,
		"database: {rls: [enforce]}":                             false,
		"seeds: {sets: [a, b]}":                                  true,
		"seeds: {sets: a}":                                       false,
		"health: {urls: [{name: a, url: 'http://a'}]}":           true,
		"health: {urls: [{name: a}]}":                            false,
		"health: {urls: [{name: a, url: 'http://a', x: 1}]}":     false,
		"log: {level: warn}":                                     true,
		"log: {level: loud}":                                     false,
		"environments:":                                          true,
		"environments: {staging: {log: {level: debug}}, test: }": true,
		"environments: {test: {environments: {}}}":               false,
	} {
		if err := validate(t, s, text); (err == nil) != right {
			t.Errorf("schema: %q: %v", text, err)
		}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, FileName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(Options{Dir: dir}); (err == nil) != right {
			t.Errorf("loader: %q: %v", text, err)
		}
	}
}
