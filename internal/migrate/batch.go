package migrate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// batch is SQL that is sent to Postgres in one message, so that a whole file costs one round trip. Between the
// statements of the file are queries whose rows mark the progress.
type batch struct {
	sql   strings.Builder
	runes int // in sql
	sent  int // statements before the first mark
	spans []span
}

// span is a statement and its position in a batch, in runes as Postgres counts them, and for one without a mark how many statements are
// before it.
type span struct {
	n, start, end int
	after         int
	sql           string
}

// The column with the number of the next statement, counted from 1. The SQL after the last statement of the file has the
// numbers recording and committing.
const (
	markColumn = "krowoc_statement"
	recording  = -1
	committing = -2
)

// lockColumn is the first of two columns, table and mode, of the rows that list the locks of the transaction.
const lockColumn = "krowoc_lock"

// add appends SQL that is not part of the file.
func (b *batch) add(sql string) {
	b.write(sql)
	b.write(";\n")
	b.sent++
}

// mark makes everything after it belong to statement n.
func (b *batch) mark(n int) { b.add("SELECT " + strconv.Itoa(n) + " AS " + markColumn) }

// statement appends the nth statement of the file. Postgres ignores an extra semicolon.
func (b *batch) statement(n int, sql string) {
	b.mark(n)
	b.opening(n, sql)
}

// opening appends the nth statement of the file, which begins a transaction or sets its isolation. A mark before it would be a query in
// that transaction, whose isolation could not be set any more.
func (b *batch) opening(n int, sql string) {
	start := b.runes
	b.write(sql)
	b.spans = append(b.spans, span{n, start, b.runes, b.sent, sql})
	b.write("\n;\n")
	b.sent++
}

func (b *batch) write(s string) {
	b.sql.WriteString(s)
	b.runes += utf8.RuneCountInString(s)
}

// outcome is the result of a batch: how far it got, and the error that stopped it.
type outcome struct {
	at     int // the statement that failed, or recording or committing; 0 is before the first
	err    error
	server *pgconn.PgError // err, if it is from Postgres; its position is relative to the statement
	locks  []Lock
	kept   int // statements of the file that stay applied
}

// send sends a batch and waits until it ends. It rolls back a transaction that the batch leaves open.
func (b *batch) send(ctx context.Context, conn *pgx.Conn) (o outcome) {
	results, done := conn.PgConn().Exec(ctx, b.sql.String()), 0
	t, tag := newTracer(ctx, conn), pgconn.CommandTag{}
	if len(b.spans) > 0 && b.spans[0].after == 0 { // no mark tells of it
		t.begin(b.spans[0].sql)
	}
	for ; results.NextResult(); done++ {
		r := results.ResultReader()
		fields := r.FieldDescriptions()
		for r.NextRow() {
			switch {
			case len(fields) == 1 && fields[0].Name == markColumn:
				o.at, _ = strconv.Atoi(string(r.Values()[0]))
				t.end(tag, nil)
				t.begin(b.text(o.at))
			case len(fields) == 2 && fields[0].Name == lockColumn:
				o.lock(Lock{statement: o.at, Table: string(r.Values()[0]), Mode: string(r.Values()[1])})
			}
		}
		tag, _ = r.Close() // it has the same error as the results
	}
	o.err = results.Close()
	t.end(tag, o.err)
	if o.err == nil {
		return o
	}
	if errors.As(o.err, &o.server) {
		b.place(&o, done)
	}
	if !conn.IsClosed() && conn.PgConn().TxStatus() != 'I' {
		_, _ = conn.Exec(ctx, "ROLLBACK")
	}
	return o
}

// text returns the SQL that a mark is before, if it is worth a span: a record alone is not.
func (b *batch) text(n int) string {
	if n == committing && len(b.spans) > 0 {
		return "COMMIT"
	}
	i := slices.IndexFunc(b.spans, func(s span) bool { return s.n == n })
	if i < 0 {
		return ""
	}
	return b.spans[i].sql
}

// lock notes a lock, unless it is already noted.
func (o *outcome) lock(l Lock) {
	if !slices.ContainsFunc(o.locks, func(had Lock) bool { return had.Table == l.Table && had.Mode == l.Mode }) {
		o.locks = append(o.locks, l)
	}
}

// place converts the position of an error in the batch to one in its statement. A position in a statement that was not
// reached is a syntax error, because Postgres parses the whole batch before it runs any of it. Before the first mark, the number of
// statements that are done tells which one failed.
func (b *batch) place(o *outcome, done int) {
	at := int(o.server.Position) - 1
	for _, s := range b.spans {
		if at == s.end+1 { // the semicolon that the batch adds
			o.server.Message, at = strings.Replace(o.server.Message, `at or near ";"`, "at end of input", 1), s.end
		}
		if at >= s.start && at <= s.end {
			o.at, o.server.Position = s.n, int32(at-s.start+1)
			return
		}
	}
	hasPosition := at >= 0
	o.server.Position = 0
	for _, s := range b.spans {
		if o.at <= 0 && !hasPosition && s.after == done {
			o.at = s.n
			return
		}
	}
}

// String returns the SQL without the marks, to show it to people.
func (b *batch) String() string {
	var lines []string
	for line := range strings.Lines(b.sql.String()) {
		if !strings.HasSuffix(line, " AS "+markColumn+";\n") && line != ";\n" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

// setLocal is SQL that sets a parameter until the end of the transaction.
func setLocal(name string, milliseconds int64) string {
	return fmt.Sprintf("SET LOCAL %s = %d", name, milliseconds)
}
