package dump_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/metrics"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/seed/dump"
	"github.com/krowoc/krowoc/internal/testkit"
)

const memorySchema = `
	type Author @table @auth(rules: []) { name: String! @pii(kind: NAME) email: String! @unique @pii notes: [Note!]! }
	type Note @table @auth(rules: []) { author: Author! text: String! secret: String! @pii(kind: TEXT) file: Bytes document: JSON }`

// TestMemory dumps 10,000 rows of 2 KB, and 6 rows of 8 MB. A process of its own measures its heap.
func TestMemory(t *testing.T) {
	t.Parallel()
	const fill = `INSERT INTO authors (name, email) SELECT 'Ada Lindqvist' || n, 'ada' || n || '@corp.example' FROM generate_series(1, 1000) n;`
	for name, c := range map[string]struct {
		sql  string
		most uint64 // MB
	}{
		"many rows": {`INSERT INTO notes (author_id, text, secret) SELECT a.id, repeat('a word and ', 90) || a.name, repeat('a secret ', 110) FROM authors a, generate_series(1, 10)`, 40},
		"large values": {`INSERT INTO notes (author_id, text, secret, file, document)
			SELECT a.id, repeat('a word and ', 200000), 'x', decode(repeat('00ff', 1000000), 'hex'), jsonb_build_array(repeat('x', 2000000)) FROM (SELECT id FROM authors LIMIT 6) a`, 160},
	} {
		t.Run(name, func(t *testing.T) {
			pool := database(t, parse(t, memorySchema))
			testkit.Exec(t, pool, fill+c.sql)
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMemoryOfChild$", "-test.v") //nolint:gosec // this test again
			child.Env = append(os.Environ(), "KROWOC_TEST_DUMP="+pool.Config().ConnString(), "KROWOC_TEST_DUMP_OUT="+filepath.Join(t.TempDir(), "out"))
			output, err := child.CombinedOutput()
			_, said, found := strings.Cut(string(output), "peak: ")
			peak, _ := strconv.ParseUint(strings.Fields(said + " 0")[0], 10, 64)
			if err != nil || !found || peak > c.most {
				t.Errorf("the heap had %d MB, and may have %d: %v\n%s", peak, c.most, err, output)
			}
			t.Logf("%d MB", peak)
		})
	}
}

// TestMemoryOfChild is the process that TestMemory measures.
func TestMemoryOfChild(t *testing.T) {
	url := os.Getenv("KROWOC_TEST_DUMP")
	if url == "" {
		t.Skip("TestMemory runs it")
	}
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	stop, peak := make(chan struct{}), make(chan uint64)
	go func() {
		heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		most := uint64(0)
		for {
			metrics.Read(heap)
			most = max(most, heap[0].Value.Uint64())
			select {
			case <-stop:
				peak <- most
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	o := options(t, pool, parse(t, memorySchema))
	o.Out = os.Getenv("KROWOC_TEST_DUMP_OUT")
	if _, err := dump.Dump(t.Context(), o); err != nil {
		t.Fatal(explain(err))
	}
	close(stop)
	fmt.Printf("peak: %d MB\n", <-peak>>20)
}
