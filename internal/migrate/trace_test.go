package migrate_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/pg"
)

// fileKey is where a context keeps the file whose statements it is for.
type fileKey struct{}

// statementTracer notes which statements ran below which file, and how they ended.
type statementTracer struct{ ran []string }

func (s *statementTracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	if file, ok := ctx.Value(fileKey{}).(string); ok {
		s.ran = append(s.ran, file+": "+strings.TrimSpace(q.SQL))
	}
	return ctx
}

func (s *statementTracer) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryEndData) {
	if ctx.Value(fileKey{}) == nil {
		return
	}
	end := q.CommandTag.String()
	if q.Err != nil {
		end = q.Err.Error()
	}
	s.ran[len(s.ran)-1] += " => " + end
}

// The statements of a file are traced below it, although they are one message.
func TestStatementsOfFilesAreTraced(t *testing.T) {
	p := newProject(t,
		"1_a.sql", "-- +goose Up\nCREATE TABLE a (id int);\nINSERT INTO a VALUES (1), (2);\n-- +goose Down\nDROP TABLE a;\n",
		"2_b.sql", "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY i ON a (id);\n-- +goose Down\nDROP INDEX i;\n",
		"3_c.sql", "-- +goose Up\nUPDATE a SET id = 3;\nSELECT 1 / 0;\nSELECT 2;\n",
	)
	tracer := &statementTracer{}
	pool, err := pg.Open(t.Context(), pg.Options{URL: p.db.Config().ConnString(), Tracer: tracer})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	failed := ""
	m := p.migrator(func(o *migrate.Options) {
		o.DB = pool
		o.Trace = func(ctx context.Context, r migrate.Result) (context.Context, func(error)) {
			return context.WithValue(ctx, fileKey{}, r.File), func(err error) {
				if err != nil {
					failed += r.File
				}
			}
		}
	})
	if _, err := m.Up(t.Context()); err == nil {
		t.Fatal("the third file fails")
	}
	want := []string{
		"1_a.sql: CREATE TABLE a (id int); => CREATE TABLE",
		"1_a.sql: INSERT INTO a VALUES (1), (2); => INSERT 0 2",
		"1_a.sql: COMMIT => COMMIT",
		"2_b.sql: CREATE INDEX CONCURRENTLY i ON a (id); => CREATE INDEX",
		"3_c.sql: UPDATE a SET id = 3; => UPDATE 2",
		"3_c.sql: SELECT 1 / 0; => ERROR: division by zero (SQLSTATE 22012)",
	}
	var got []string
	for _, ran := range tracer.ran {
		if isOwn := strings.Contains(ran, "krowoc") || strings.Contains(ran, "goose_db_version") || strings.Contains(ran, ": ROLLBACK"); !isOwn {
			got = append(got, ran)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if failed != "3_c.sql" {
		t.Errorf("%q failed", failed)
	}
}
