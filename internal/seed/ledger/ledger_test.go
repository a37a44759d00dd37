package ledger_test

import (
	"context"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/seed/ledger"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestLedger(t *testing.T) {
	pool := testkit.NewDatabase(t)
	ctx := t.Context()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	err := pg.InTx(ctx, pool, func(tx pgx.Tx) error {
		check(ledger.Lock(ctx, tx))
		exists, err := ledger.Exists(ctx, tx)
		check(err)
		_, err = tx.Exec(ctx, `CREATE TABLE users (id int); INSERT INTO users VALUES (1), (2), (3); CREATE TABLE tags (id int)`)
		check(err)
		if rows, err := ledger.Rows(ctx, tx, []string{"dev"}); err != nil || exists || rows != nil {
			t.Errorf("before the first load: %v, %v, %v", exists, rows, err)
		}

		check(ledger.RecordRows(ctx, tx, []ledger.Row{{"dev", "users", `{"id": "1"}`}, {"demo", "users", `{"id": "2"}`}}))
		check(ledger.RecordRows(ctx, tx, []ledger.Row{{"dev", "users", `{"id": "2"}`}}))
		rows, err := ledger.Rows(ctx, tx, []string{"dev"})
		check(err)
		if len(rows) != 2 {
			t.Errorf("%v", rows)
		}

		script := ledger.Script{Set: "dev", Path: "a.sql", Text: []byte("INSERT")}
		run := func() error { _, err := tx.Exec(ctx, "INSERT INTO tags VALUES (1), (2)"); return err }
		for i, want := range []bool{true, false} {
			fresh, err := ledger.RecordScript(ctx, tx, script)
			check(err)
			if fresh != want {
				t.Errorf("run %d is fresh: %v", i, fresh)
			}
		}
		check(ledger.RecordInserts(ctx, tx, script, run))
		tables, err := ledger.Tables(ctx, tx, []string{"dev"})
		check(err)
		if slices.Sort(tables); !slices.Equal(tables, []string{"tags", "users"}) {
			t.Errorf("%v", tables)
		}

		want := ledger.Generated{Done: 2, Total: 5, Basis: "b"}
		check(ledger.RecordGenerated(ctx, tx, "tags", "x", want))
		if g, others, err := ledger.FindGenerated(ctx, tx, "tags", "x"); err != nil || g != want || others {
			t.Errorf("%v, %v, %v", g, others, err)
		}
		if g, others, err := ledger.FindGenerated(ctx, tx, "tags", "y"); err != nil || g.Done != 0 || !others {
			t.Errorf("%v, %v, %v", g, others, err)
		}

		counts := func(table string) ledger.Counts {
			c, err := ledger.Count(ctx, tx, table, table, "jsonb_build_object('id', t.id::text)")
			check(err)
			return c
		}
		if c := counts("users"); c != (ledger.Counts{All: 3, Others: 1}) {
			t.Errorf("%+v", c)
		}
		if c := counts("tags"); c != (ledger.Counts{All: 2, Others: 2, Generated: 4}) {
			t.Errorf("%+v", c)
		}
		check(ledger.ForgetRows(ctx, tx, "users", []string{`{"id": "1"}`}))
		if c := counts("users"); c.Others != 2 {
			t.Errorf("%+v", c)
		}
		check(ledger.Forget(ctx, tx, []string{"dev"}, []string{"users", "tags"}))
		if fresh, err := ledger.RecordScript(ctx, tx, script); err != nil || !fresh || counts("users").Others != 3 {
			t.Errorf("%v, %v", fresh, err)
		}
		return nil
	})
	check(err)
}

// TestLock makes a second load wait.
func TestLock(t *testing.T) {
	pool := testkit.NewDatabase(t)
	err := pg.InTx(t.Context(), pool, func(first pgx.Tx) error {
		if err := ledger.Lock(t.Context(), first); err != nil {
			return err
		}
		return pg.InTx(t.Context(), pool, func(second pgx.Tx) error {
			if _, err := second.Exec(context.Background(), "SET LOCAL lock_timeout = '50ms'"); err != nil {
				return err
			}
			if err := ledger.Lock(context.Background(), second); err == nil {
				t.Error("both have the lock")
			}
			return nil
		})
	})
	if err == nil {
		t.Error("the second transaction, which waited in vain, was committed")
	}
}
