package sqltext_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

func TestParse(t *testing.T) {
	p := sqltext.NewParser(t.TempDir())
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			stmts, err := p.Parse("SELECT 1;\n CREATE TABLE t (a int)")
			if err != nil || len(stmts) != 2 || stmts[1].StmtLocation != 9 || stmts[1].Stmt.GetCreateStmt().GetRelation().GetRelname() != "t" {
				t.Errorf("%v, %v", stmts, err)
			}
		})
	}
	all.Wait()
	for sql, at := range map[string]int{"SELEC 1": 0, "SELECT 1; SELEC": 10, "SELECT (": 8} {
		var bad *sqltext.SyntaxError
		if _, err := p.Parse(sql); !errors.As(err, &bad) || bad.Offset != at {
			t.Errorf("%s: %v, want a mistake at %d", sql, err, at)
		}
	}
}

func TestParseAll(t *testing.T) {
	p := sqltext.NewParser(t.TempDir())
	texts := []string{"SELECT 1; SELECT 2", "", "-- é\n CREATE TABLE a (b int);", ";;", "SELECT 'x;' -- y", "  SELECT 3;  ", "/* z */"}
	check := func(texts []string) {
		t.Helper()
		for i, parsed := range p.ParseAll(texts) {
			alone, err := p.Parse(texts[i])
			if (err == nil) != (parsed.Err == nil) || len(alone) != len(parsed.Stmts) {
				t.Errorf("%q: %v, %v; alone %v, %v", texts[i], parsed.Stmts, parsed.Err, alone, err)
				continue
			}
			for j, s := range parsed.Stmts {
				if at, want := int(s.StmtLocation)-parsed.Shift, int(alone[j].StmtLocation); max(at, 0) != want || s.Stmt.String() == "" {
					t.Errorf("%q: statement %d begins at %d, want %d", texts[i], j, at, want)
				}
			}
		}
	}
	check(texts)
	check(texts[:1])
	check(append(texts, "SELEC 4"))
	for _, whole := range [][]string{{"SELECT 'a", "'"}, {"SELECT 1 /*", "*/"}, {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1", "END"}, {`SELECT "a`, `b"`}} {
		check(whole)
	}
}

// Parsing puts pipes in the place of standard error, and must leave it as it was.
func TestStandardErrorStays(t *testing.T) {
	if os.Getenv("KROWOC_TEST_STDERR") == "" {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestStandardErrorStays$") //nolint:gosec // this test itself
		cmd.Env = append(os.Environ(), "KROWOC_TEST_STDERR=1")
		var stderr strings.Builder
		cmd.Stderr = &stderr
		if err := cmd.Run(); err != nil || stderr.String() != "after\n" {
			t.Errorf("%v: %d bytes, %.200q", err, stderr.Len(), stderr.String())
		}
		return
	}
	p := sqltext.NewParser("")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				if _, err := p.Parse("SELECT 1"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	fmt.Fprintln(os.Stderr, "after")
}

func BenchmarkParse(b *testing.B) {
	p := sqltext.NewParser("")
	for b.Loop() {
		if _, err := p.Parse("CREATE INDEX CONCURRENTLY i ON t (x) WHERE y = 1; ALTER TABLE a ADD b int NOT NULL DEFAULT 1"); err != nil {
			b.Fatal(err)
		}
	}
}

func TestUnquote(t *testing.T) {
	for _, name := range []string{"books", "Books", `a "quoted" name`, "select", "", `"`, "a.b", "été"} {
		if got := sqltext.Unquote(sqltext.Ident(name)); got != name {
			t.Errorf("%q comes back as %q", name, got)
		}
	}
}
