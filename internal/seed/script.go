package seed

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
	"github.com/krowoc/krowoc/internal/seed/ledger"
	"github.com/krowoc/krowoc/internal/seed/node"
)

// script is an SQL file, which runs after the rows are in, and again only when it has changed.
type script struct {
	source     *source
	statements []int // where each begins, in bytes
}

// readSQL splits an SQL file into its statements and reports what cannot be part of the load.
func (r *reader) readSQL() {
	text := string(r.source.text)
	r.script = &script{source: r.source}
	if at := strings.IndexByte(text, 0); at >= 0 || !utf8.ValidString(text) {
		r.report(r.source.node(max(at, 0), 1), wrong("sql-syntax", "save the file as UTF-8", "this file is not valid UTF-8"))
		return
	}
	for at := 0; at < len(text); {
		statement, end, p := r.source.statement(text, at)
		if p != nil {
			r.report(nil, p)
		}
		if len(statement.words) > 0 {
			r.script.statements = append(r.script.statements, statement.at)
			if p := statement.refuse(); p != nil {
				r.report(r.source.node(statement.at, len(statement.words[0])), p)
			}
		}
		at = end
	}
}

// sqlStatement is a statement in outline.
type sqlStatement struct {
	at    int      // where it begins, in bytes
	words []string // its words and signs, in lower case, without what stands in quotes
}

// statement reads one statement, from an offset on, and returns where the next begins.
func (s *source) statement(text string, at int) (found sqlStatement, end int, p *problem) {
	depth := 0 // within the BEGIN ATOMIC … END of a function, which has statements of its own
	last := ""
	for at < len(text) {
		n, blank := sqltext.Token(text[at:])
		if n < 0 {
			p := wrong("sql-syntax", "", "the string, name or comment that begins here is not closed")
			p.node = s.node(at, 1)
			return found, len(text), p
		}
		word := strings.ToLower(text[at : at+n])
		switch {
		case blank:
			at += n
			continue
		case word == ";" && depth == 0:
			return found, at + n, nil
		case word == `\`:
			line, _, _ := strings.Cut(text[at:], "\n")
			p := wrong("sql-refused", "write it in SQL", "%s is a psql command, which Postgres does not support", node.Clip(strings.TrimSpace(line)))
			p.node = s.node(at, utf8.RuneCountInString(strings.TrimRight(line, "\r ")))
			return sqlStatement{}, at + len(line), p
		case last == "begin" && word == "atomic", depth > 0 && word == "case":
			depth++
		case depth > 0 && word == "end":
			depth--
		}
		if len(found.words) == 0 {
			found.at = at
		}
		if len(found.words) < maxWords {
			found.words = append(found.words, word)
		}
		last = word
		at += n
	}
	return found, at, nil
}

// maxWords is how many words of a statement are looked at.
const maxWords = 10_000

// refuse says why a statement cannot be part of the load; nil when it can.
func (s sqlStatement) refuse() *problem {
	next := ""
	if len(s.words) > 1 {
		next = s.words[1]
	}
	switch s.words[0] {
	case "begin", "commit", "rollback", "end", "abort", "start", "savepoint", "release":
	case "prepare":
		if next != "transaction" {
			return nil
		}
	case "copy":
		for i, word := range s.words[1:] {
			if before := s.words[i]; before == "from" && word == "stdin" || before == "to" && word == "stdout" {
				return wrong("sql-refused", "write the rows as a CSV file, or use INSERT", "COPY … %s %s is not supported, because it needs a client that sends or receives rows",
					strings.ToUpper(before), strings.ToUpper(word))
			}
		}
		return nil
	default:
		return nil
	}
	return wrong("sql-refused", "remove it", "%s: all seeds are loaded in one transaction, which a file cannot begin or end", strings.ToUpper(s.words[0]))
}

// node is a place in the file, by its offset in bytes; width is in runes.
func (s *source) node(at, width int) *yaml.Node {
	before := s.text[:min(at, len(s.text))]
	begin := bytes.LastIndexByte(before, '\n') + 1
	return &yaml.Node{Kind: yaml.ScalarNode, Line: bytes.Count(before, []byte("\n")) + 1,
		Column: utf8.RuneCount(before[begin:]) + 1, Value: strings.Repeat(" ", width)}
}

// runScripts runs the files that have changed, or were never run in this database.
func runScripts(ctx context.Context, tx pgx.Tx, scripts []*script) ([]ScriptSummary, error) {
	list := []ScriptSummary{} // an empty list in JSON, not null
	if len(scripts) == 0 {
		return list, nil
	}
	for _, s := range scripts {
		entry := ledger.Script{Set: s.source.set, Path: s.source.path, Text: s.source.text}
		fresh, err := ledger.RecordScript(ctx, tx, entry)
		if err == nil && fresh {
			err = ledger.RecordInserts(ctx, tx, entry, func() error { return s.execute(ctx, tx) })
		}
		if err != nil {
			return nil, err
		}
		list = append(list, ScriptSummary{File: s.source.name, Ran: fresh})
	}
	return list, nil
}

// execute sends the file as it is, so that Postgres counts positions in it. Deferred constraints are checked at its end, and
// what it set for the session is set back.
func (s *script) execute(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, "SET CONSTRAINTS ALL DEFERRED"); err != nil {
		return err
	}
	done := 0
	results := tx.Conn().PgConn().Exec(ctx, string(s.source.text))
	for results.NextResult() {
		if _, err := results.ResultReader().Close(); err == nil {
			done++
		}
	}
	if err := results.Close(); err != nil {
		return s.failure(err, done)
	}
	if _, err := tx.Exec(ctx, "SET CONSTRAINTS ALL IMMEDIATE"); err != nil {
		return s.failure(err, len(s.statements))
	}
	for _, sql := range []string{"RESET ALL", "RESET ROLE"} {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// failure places an error of Postgres in the file: where Postgres says, else at the statement.
func (s *script) failure(err error, statement int) error {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return err
	}
	var at *yaml.Node
	switch text := s.source.text; {
	case e.Position > 0:
		offset := 0
		for range e.Position - 1 {
			_, size := utf8.DecodeRune(text[offset:])
			offset += size
		}
		n, _ := sqltext.Token(string(text[offset:]) + " ")
		at = s.source.node(offset, utf8.RuneCount(text[offset:min(offset+max(n, 1), len(text))]))
	case statement < len(s.statements):
		offset := s.statements[statement]
		line, _, _ := bytes.Cut(text[offset:], []byte("\n"))
		at = s.source.node(offset, utf8.RuneCount(bytes.TrimRight(line, "\r ;")))
	}
	message := e.Message
	if e.Detail != "" {
		message += ": " + e.Detail
	}
	code := fault.CodeOf(pg.Fault(op, e))
	if code == fault.Internal {
		code = fault.Invalid
	}
	return &fault.Error{Code: code, Message: "Postgres refused a file, so nothing was loaded",
		Err: diag.List{s.source.at(at, wrong("refused", cmp.Or(e.Hint, firstLine(e.Where)), "%s", message))}}
}

// firstLine is where in a function an error arose.
func firstLine(where string) string {
	line, _, _ := strings.Cut(where, "\n")
	return line
}
