package migrate

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// segment is a part of a file that Postgres commits or undoes as a whole: the statements sql[from:to] of a step.
type segment struct {
	from, to int
	opens    bool // its first statement begins the transaction
	end      ending
}

// ending is how the last statement of a segment ends its transaction.
type ending int

const (
	endsNot   ending = iota // the transaction is ended by Krowoc
	commits                 // COMMIT or END
	undoes                  // ROLLBACK or ABORT
	prepares                // PREPARE TRANSACTION
	runsAlone               // it cannot be in a transaction with others, such as COMMIT PREPARED
)

// control returns what a statement does to transactions.
func control(sql string) (opens bool, end ending) {
	words := strings.FieldsFunc(strings.ToLower(sqltext.Normalise(sql)), func(c rune) bool { return c == ' ' || c == ';' })
	words = append(words, "", "")
	switch words[0] {
	case "begin", "start":
		return true, endsNot
	case "commit", "end":
		if end = commits; words[1] == "prepared" {
			end = runsAlone
		}
	case "rollback", "abort":
		switch {
		case words[1] == "to" || words[2] == "to": // a savepoint
			return false, endsNot
		case words[1] == "prepared":
			return false, runsAlone
		}
		end = undoes
	case "prepare":
		if words[1] == "transaction" {
			end = prepares
		}
	}
	return false, end
}

// settings appends the statements of sql[from:to] with which a transaction begins up to the last SET TRANSACTION, and returns the index of
// the next one. Postgres refuses SET TRANSACTION after a query, such as a mark or the guard of the lease.
func settings(b *batch, step planned, from, to int) int {
	next := from
	for i := from; i < to; i++ {
		words := append(strings.Fields(strings.ToLower(sqltext.Normalise(step.sql[i]))), "", "", "")
		if words[0] != "set" {
			break
		}
		if words[1] == "local" || words[1] == "session" {
			words = words[1:]
		}
		if strings.HasPrefix(words[1], "transaction") { // also transaction_isolation
			next = i + 1
		}
	}
	for i := from; i < next; i++ {
		b.opening(i+1, step.sql[i])
	}
	return next
}

// chains reports whether a statement that ends a transaction begins the next one.
func chains(sql string) bool {
	words := strings.Fields(strings.Trim(strings.ToLower(sqltext.Normalise(sql)), "; "))
	return len(words) > 2 && words[len(words)-1] == "chain" && words[len(words)-2] == "and"
}

// segmented reports whether a file ends transactions itself, although it runs in one.
func (p planned) segmented() bool {
	return !p.file.script.noTransaction && slices.ContainsFunc(p.sql, func(sql string) bool {
		_, end := control(sql)
		return end != endsNot
	})
}

// segments splits a file where its transactions begin and end. Outside of a transaction each statement is a segment.
func (p planned) segments() (list []segment) {
	within := !p.file.script.noTransaction
	from := 0
	add := func(to int, end ending) {
		if from < to {
			opens, _ := control(p.sql[from])
			list = append(list, segment{from, to, opens, end})
		}
		from = to
	}
	for i, sql := range p.sql {
		opens, end := control(sql)
		switch {
		case end == runsAlone:
			add(i, endsNot)
			add(i+1, runsAlone)
		case !within && opens:
			within = true
		case !within:
			add(i+1, runsAlone)
		case end != endsNot:
			add(i+1, end)
			within = !p.file.script.noTransaction
		}
	}
	add(len(p.sql), endsNot)
	return list
}

// segmentAt returns the segment that contains the statement with an index.
func (p planned) segmentAt(index int) segment {
	for _, s := range p.segments() {
		if index < s.to {
			return s
		}
	}
	return segment{from: index, to: index}
}

// lastCommit describes what the first ran statements have left: the last statement among them that committed, counted from 1 (0 if
// there is none), and whether others were undone by the file itself.
func (p planned) lastCommit(ran int) (last int, undone bool) {
	for _, s := range p.segments() {
		switch {
		case s.to > ran:
		case s.end == undoes:
			undone = true
		default:
			last = s.to
		}
	}
	return last, undone
}

// pieces splits the statements that hold one which controls transactions beside others, because progress is recorded between them.
func pieces(statements []statement) []statement {
	var out []statement
	for _, s := range statements {
		parts := s.split()
		if len(parts) < 2 || !slices.ContainsFunc(parts, statement.controls) {
			parts = []statement{s}
		}
		out = append(out, parts...)
	}
	return out
}

func (s statement) controls() bool {
	opens, end := control(s.text)
	return opens || end != endsNot
}

// split returns the single SQL statements of a statement as goose knows it.
func (s statement) split() (parts []statement) {
	begin, depth, last := -1, 0, "" // depth is of parentheses and of BEGIN ATOMIC … END
	for at := 0; at < len(s.text); {
		n, blank := sqltext.Token(s.text[at:])
		if n < 0 {
			return nil
		}
		word := strings.ToLower(s.text[at : at+n])
		if !blank && begin < 0 {
			begin = at
		}
		switch {
		case blank:
			at += n
			continue
		case word == "(", last == "begin" && word == "atomic", depth > 0 && word == "case":
			depth++
		case depth > 0 && (word == ")" || word == "end"):
			depth--
		case word == ";" && depth == 0:
			parts, begin = append(parts, s.part(begin, at+n)), -1
		}
		last = word
		at += n
	}
	if begin >= 0 {
		parts = append(parts, s.part(begin, len(s.text)))
	}
	return parts
}

// part returns the statement between two offsets of the text.
func (s statement) part(begin, end int) statement {
	before := s.text[:begin]
	row := strings.Count(before, "\n")
	p := statement{text: s.text[begin:end], lines: s.lines[row:], envsub: s.envsub[row:]}
	p.indent = utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	if row == 0 {
		p.indent += s.indent
	}
	return p
}
