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

// script is an SQL file. It runs after the rows are loaded, and again only after it has changed.
type script struct {
	source     *source
	statements []int // their offsets in bytes
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

// sqlStatement is an outline of a statement.
type sqlStatement struct {
	at    int      // its offset in bytes
	words []string // its words and symbols in lower case, without quoted text
}

// statement reads the statement at an offset, and returns the offset of the next one.
func (s *source) statement(text string, at int) (found sqlStatement, end int, p *problem) {
	depth := 0 // nesting of BEGIN ATOMIC … END of a function, which contains statements
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

// maxWords is the maximum number of words of a statement that are checked.
const maxWords = 10_000

// refuse returns why a statement cannot be part of the load, or nil.
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
			if before := s.words[i]; (before == "from" && word == "stdin") || (before == "to" && word == "stdout") {
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

// node returns a node for a position in the file. The offset is in bytes, the width in runes.
func (s *source) node(at, width int) *yaml.Node {
	before := s.text[:min(at, len(s.text))]
	begin := bytes.LastIndexByte(before, '\n') + 1
	return &yaml.Node{Kind: yaml.ScalarNode, Line: bytes.Count(before, []byte("\n")) + 1,
		Column: utf8.RuneCount(before[begin:]) + 1, Value: strings.Repeat(" ", width)}
}

// runScripts runs the files that have changed or have never run in this database.
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

// execute sends the whole file, so that positions in Postgres's errors refer to the file. It then checks deferred constraints and resets
// the settings that the file has changed.
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

// failure returns an error of Postgres with its position in the file: the position in the error, or that of the statement.
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

// firstLine returns the position of an error in a function.
func firstLine(where string) string {
	line, _, _ := strings.Cut(where, "\n")
	return line
}
