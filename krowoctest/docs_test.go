package krowoctest_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/krowoctest"
)

// TestGuide makes the project of docs/seed-tests.md and asks its database what the tests there do.
func TestGuide(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/seed-tests.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, m := range regexp.MustCompile("(?ms)^```(?:yaml|graphql|sql) (\\S+)$\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		path := filepath.Join(dir, filepath.FromSlash(m[1]))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(m[2]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const query = "SELECT price FROM products WHERE name = 'Kettle'"
	if n := strings.Count(string(text), query); n != 2 {
		t.Errorf("the guide asks %d times for the kettle, want it in Go and in TypeScript", n)
	}
	conn, err := pgx.Connect(t.Context(), krowoctest.DatabaseURL(t, krowoctest.Project(dir)))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var price float64
	if err := conn.QueryRow(t.Context(), query).Scan(&price); err != nil || price != 30 {
		t.Errorf("a kettle costs %v, %v", price, err)
	}
}
