package wasm_test

import (
	"errors"
	"os"
	"testing"

	pg_query "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/krowoc/krowoc/internal/pg/sqltext"
	"github.com/krowoc/krowoc/internal/pg/sqltext/wasm"
)

// Under cgo this compares Postgres's parser in C with the one in WebAssembly.
func TestSameTrees(t *testing.T) {
	cache := t.TempDir()
	ours, err := wasm.New(cache)
	if err != nil {
		t.Fatal(err)
	}
	theirs := sqltext.NewParser(cache)
	for _, sql := range []string{
		"", "SELECT 1; SELECT 'é' AS \"Ü\"", "CREATE INDEX CONCURRENTLY i ON t (lower(x) DESC) INCLUDE (y) WHERE z > 0",
		"ALTER TABLE a ADD b int NOT NULL DEFAULT 1, ADD CONSTRAINT c CHECK (b > 0) NOT VALID",
		"CREATE VIEW v AS SELECT a, count(*) FROM t LEFT JOIN u USING (id) GROUP BY a HAVING count(*) > 1 ORDER BY 2 LIMIT 3",
	} {
		want, err := theirs.Parse(sql)
		if err != nil {
			t.Fatal(err)
		}
		tree, err := ours.Parse(sql)
		if err != nil {
			t.Fatal(err)
		}
		var got pg_query.ParseResult
		if err := proto.Unmarshal(tree, &got); err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(&pg_query.ParseResult{Stmts: want}, &pg_query.ParseResult{Stmts: got.Stmts}) {
			t.Errorf("%s\n%v\n%v", sql, want, got.Stmts)
		}
	}
	var bad *wasm.SyntaxError
	if _, err := ours.Parse("SELECT 1; SELEC 2"); !errors.As(err, &bad) || bad.Cursor != 11 || bad.Message != `syntax error at or near "SELEC"` {
		t.Errorf("%#v", err)
	}
	if _, err := ours.Parse("SELECT 3"); err != nil {
		t.Errorf("after a mistake: %v", err)
	}
	if entries, err := os.ReadDir(cache); err != nil || len(entries) == 0 {
		t.Errorf("nothing is kept for the next process: %v", err)
	}
}
