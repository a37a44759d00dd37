package config_test

import (
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/config"
	"github.com/krowoc/krowoc/internal/fault"
)

func TestMistakes(t *testing.T) {
	for name, tt := range map[string]struct {
		yaml string
		want []string // in the rendered list
	}{
		"unknown key": {"databse:\n  url: x\n", []string{
			"krowoc.yaml:1:1: error: unknown key \"databse\"\n    1 | databse:\n      | ^^^^^^^\n      = did you mean \"database\"?"}},
		"unknown key in a section": {"server:\n  addess: :80\n", []string{`2:3: error: unknown key "addess" in server`, `"address"`}},
		"key of another section":   {"maxConnections: 3\n", []string{`did you mean "database.maxConnections"?`}},
		"key far from any":         {"server:\n  zzzzzz: 1\n", []string{"use one of address, probeAddress, publicUrl, timeouts, cors, maxBodyBytes"}},
		"unknown key in an item":   {"health:\n  urls:\n    - {name: a, ulr: 'http://x'}\n", []string{`unknown key "ulr" in health.urls`, `missing key "url" in an item of health.urls`}},
		"unknown key in a block":   {"environments:\n  production:\n    protcted: true\n", []string{`3:5: error: unknown key "protcted"`}},
		"nested environments":      {"environments:\n  test:\n    environments: {}\n", []string{`3:5: error: unknown key "environments"`}},
		"text for a number":        {"database: {maxConnections: \"10\"}\n", []string{"1:28: error: database.maxConnections must be an integer, not a string", "without quotes"}},
		"number out of range":      {"database: {maxConnections: 0}\n", []string{"must be an integer from 1 to 10000"}},
		"fraction for a number":    {"database: {maxConnections: 1.5}\n", []string{"must be an integer, not a number"}},
		"yes for true":             {"protected: yes\n", []string{"1:12: error: protected must be true or false, not a string"}},
		"number for text":          {"project: 12\n", []string{"project must be a string, not a number", "put the value in quotes"}},
		"list for text":            {"project: [a]\n", []string{"project must be a string"}},
		"text for a list":          {"seeds: {sets: common}\n", []string{"seeds.sets must be a list, not a string"}},
		"number in a list":         {"seeds: {sets: [1]}\n", []string{"each item of seeds.sets must be a string, not a number"}},
		"text for a section":       {"server: here\n", []string{"1:9: error: server must be a mapping", "use the keys address, probeAddress, publicUrl, timeouts, cors, maxBodyBytes"}},
		"text for objects":         {"health: {urls: x}\n", []string{"health.urls must be a list"}},
		"text for an object":       {"health: {urls: [x]}\n", []string{"each item of health.urls must be a mapping"}},
		"text for environments":    {"environments: x\n", []string{"environments must be a mapping of environments"}},
		"text for a block":         {"environments: {test: x}\n", []string{"environments.test must be a mapping"}},
		"duration without unit":    {"graphql: {timeout: 30}\n", []string{"graphql.timeout must be a duration with a unit", "write 30s"}},
		"negative duration":        {"graphql: {timeout: -30s}\n", []string{"must be a non-negative duration"}},
		"not a duration":           {"graphql: {timeout: true}\n", []string{"graphql.timeout must be a duration, not true or false"}},
		"not a size":               {"server: {maxBodyBytes: 1 mega}\n", []string{"server.maxBodyBytes must be a size", "1MiB"}},
		"more than a whole":        {"telemetry: {traces: {sample: 1.5}}\n", []string{"1:30: error: telemetry.traces.sample must be a number from 0 to 1", "0.01"}},
		"text for a ratio":         {"telemetry: {traces: {sample: all}}\n", []string{"must be a number from 0 to 1, not a string"}},
		"size too large":           {"server: {maxBodyBytes: 99999999999GiB}\n", []string{"must be a size"}},
		"not an address":           {"server: {address: localhost}\n", []string{"server.address must be an address in the form host:port"}},
		"not one of":               {"log: {level: inof}\n", []string{"log.level must be one of debug, info, warn, error", `did you mean "info"?`}},
		"metrics":                  {"telemetry: {metrics: {operations: 0}}\n", []string{"telemetry.metrics.operations must be an integer from 1 to 10000"}},
		"collector":                {"telemetry: {metrics: {endpoint: 'collector:4318'}}\n", []string{"telemetry.metrics.endpoint must be an http or https URL"}},
		"log file":                 {"log: {file: 1}\n", []string{"log.file must be a string, not a number"}},
		"not a URL":                {"health: {urls: [{name: a, url: ftp://x}]}\n", []string{"health.urls.url must be an http or https URL"}},
		"consent":                  {"analytics: {consent: assume}\n", []string{"analytics.consent must be one of required, assumed", `did you mean "assumed"?`}},
		"percent":                  {"analytics: {requestPercent: 101}\n", []string{"analytics.requestPercent must be an integer from 0 to 100"}},
		"path of analytics":        {"analytics: {path: relay/}\n", []string{"analytics.path must match the pattern"}},
		"pattern":                  {"project: My Shop\n", []string{"project must match the pattern ^[a-z]"}},
		"no value":                 {"project:\n", []string{"project has no value"}},
		"empty value":              {"project: ''\n", []string{"project must"}},
		"given twice":              {"project: a\nproject: b\n", []string{`2:1: error: duplicate key "project"`, "the one on line 1"}},
		"variable not set":         {"project: a-${NOPE}-b\n", []string{"1:12: error: environment variable \"NOPE\" is not set\n    1 | project: a-${NOPE}-b\n      |            ^^^^^^^"}},
		"variable of a password":   {"database: {url: 'postgres://u:${PW}@h/d'}\n", []string{"1:31: error: environment variable \"PW\" is not set"}},
		"open reference":           {"project: ${NOPE\n", []string{"1:10: error: unterminated ${"}},
		"bad reference":            {"project: ${no-pe}\n", []string{"invalid variable reference ${no-pe}"}},
		"variable in a bad block":  {"environments: {test: {project: '${x'}}\n", []string{"unterminated ${"}},
		"not YAML":                 {"project: a\n  b: c\n", []string{"krowoc.yaml:2", "invalid YAML: mapping values are not allowed"}},
		"tab":                      {"server:\n\taddress: :80\n", []string{"invalid YAML"}},
		"a list":                   {"- a\n", []string{"krowoc.yaml must be a mapping"}},
		"two documents":            {"project: a\n---\nproject: b\n", []string{"multiple YAML documents in one file"}},
		"a key that is no text":    {"[a]: b\n", []string{"a key must be a string"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, tt.yaml, config.Options{})
			if fault.CodeOf(err) != fault.Invalid {
				t.Fatalf("got %v", err)
			}
			for _, want := range tt.want {
				if got := errText(err); !strings.Contains(got, want) {
					t.Errorf("got\n%s\nwant in it\n%s", got, want)
				}
			}
		})
	}
}

func TestAllMistakesAreReportedAtOnce(t *testing.T) {
	dir := project(t, map[string]string{
		"krowoc.yaml": "projct: a\nserver:\n  address: nowhere\n  timeouts: {raed: 1s}\nlog: {level: loud}\n",
		".env":        "NAME\nA='x\nB=\"y\" z\nKROWOC_ENV=test\nKROWOC_LOG_FORMAT=xml\n",
	})
	_, err := config.Load(config.Options{
		Dir: dir, Environ: []string{"KROWOC_PROTECTED=perhaps"},
		Flags: []config.Flag{{Key: "graphql.timeout", Name: "--timeout", Value: "soon"}},
	})
	for _, want := range []string{
		"krowoc.yaml:1:1:", "krowoc.yaml:3:12:", "krowoc.yaml:4:14:", "krowoc.yaml:5:14:",
		".env:1: error: not an assignment", ".env:2: error: unterminated quote", ".env:3: error: unexpected text after",
		".env:4: error: KROWOC_ENV has no effect here", ".env:5: error: KROWOC_LOG_FORMAT must be one of text, json",
		"KROWOC_PROTECTED: error: protected must be true or false",
		"--timeout: error: graphql.timeout must be a duration",
	} {
		if !strings.Contains(errText(err), want) {
			t.Errorf("%q is missing in\n%s", want, errText(err))
		}
	}
	if !strings.HasSuffix(err.Error(), "11 mistakes") {
		t.Errorf("got %v", err)
	}
}

func TestNoSecretIsInAMessage(t *testing.T) {
	for _, yaml := range []string{
		"database: {url: 'postgres://u:hunter2@h/d', maxConnections: x}\n",
		"database: {url: ['postgres://u:hunter2@h/d']}\n",
		"database:\n  url: postgres://u:hunter2@h/d\n bad\n",
		"database:\n  url: [hunter2]\n",
		"database: {maxConnections: '${SECRET}'}\nlog: {level: '${SECRET}'}\nserver: {address: '${SECRET}', maxBodyBytes: '${SECRET}'}\n",
	} {
		_, err := load(t, yaml, config.Options{Environ: []string{"SECRET=hunter2", "KROWOC_PROTECTED=hunter2"}})
		if err == nil || strings.Contains(errText(err), "hunter2") {
			t.Errorf("%s\ngave\n%v", yaml, errText(err))
		}
	}
}
