package dump_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
)

const guide = "../../../docs/seed-dump.md"

var fence = regexp.MustCompile("(?ms)^```(\\w+ ?\\S*)$\n(.*?)^```$")

// TestGuide does what docs/seed-dump.md shows, and writes into it what comes of it.
func TestGuide(t *testing.T) {
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	blocks := map[string]string{}
	for _, m := range fence.FindAllStringSubmatch(string(text), -1) {
		blocks[m[1]] += m[2]
	}
	s := parse(t, blocks["graphql"])
	pool := database(t, s)
	fixtures := fstest.MapFS{"dev/all.yaml": &fstest.MapFile{Data: []byte(blocks["yaml seeds/dev/all.yaml"])}}
	if _, err := seed.Load(t.Context(), seed.Options{DB: pool, Schema: s, FS: fixtures, Sets: []string{"dev"}, Now: time.Now}); err != nil {
		t.Fatal(explain(err))
	}
	said := func(pattern string) string {
		m := regexp.MustCompile(pattern).FindStringSubmatch(blocks["console"])
		if m == nil {
			t.Fatalf("the guide does not say %s", pattern)
		}
		return m[1]
	}
	o := options(t, pool, s)
	o.Roots, o.MaskKey, o.Name = []string{said(`--root "(.+?)"`)}, []byte(said(`echo '(.+?)'`)), "seeds/review"
	var lines string
	summary := dumped(t, o)
	for _, table := range summary.Tables {
		lines += fmt.Sprintf("%s\t%d\t%d\t%s\n", table.Table, table.Rows, table.Masked, table.File)
	}
	lines += fmt.Sprintf("✓ %d rows of %d tables in seeds/review, %d values masked\n", summary.Rows(), len(summary.Tables), summary.Masked())
	for line := range strings.Lines(lines) {
		if !strings.Contains(blocks["console"], line) {
			t.Errorf("the guide does not show %s", line)
		}
	}
	want := fence.ReplaceAllStringFunc(string(text), func(block string) string {
		name, ok := strings.CutPrefix(fence.FindStringSubmatch(block)[1], "yaml seeds/review/")
		if !ok {
			return block
		}
		file, err := os.ReadFile(filepath.Join(o.Out, name))
		if err != nil {
			t.Fatal(err)
		}
		return "```yaml seeds/review/" + name + "\n" + string(file) + "```"
	})
	testkit.Golden(t, guide, []byte(want))
	load(t, database(t, s), s, o)
}
