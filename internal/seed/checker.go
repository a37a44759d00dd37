package seed

import (
	"hash/maphash"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/schema"
)

// Checker checks rows of fixtures while they are written. It finds the mistakes that Check finds, but keeps a hash of each unique value and
// not the rows, so it does not follow references by name.
type Checker struct {
	tables   *tables
	seed     maphash.Seed
	lines    map[uint64]int // of the first row with a unique value, by the hash of the value
	mistakes diag.List
	reading  errgroup.Group
	added    chan struct{} // closed when the rows of the last call are added
}

// NewChecker returns a Checker for the tables of a schema.
func NewChecker(s *schema.Schema) *Checker {
	c := &Checker{tables: newTables(s), seed: maphash.MakeSeed(), lines: map[uint64]int{}, added: make(chan struct{})}
	c.reading.SetLimit(runtime.GOMAXPROCS(0))
	close(c.added)
	return c
}

const (
	enoughMistakes = 50      // after so many, no more are listed
	largePart      = 1 << 20 // bytes of a text that is read alone, to have only one in memory
)

// Rows checks some rows of a file. The text contains the line of their table and their own lines, without templates, and before is the number
// of lines between these in the file. It can return before the text is read, which must not change.
func (c *Checker) Rows(file string, before int, text []byte) {
	earlier, added := c.added, make(chan struct{})
	c.added = added
	check := func() error {
		defer close(added)
		r := &reader{source: newSource(file, text), inputs: inputs{tables: c.tables}, verbatim: true}
		r.read()
		<-earlier
		c.add(r, before)
		return nil
	}
	if len(text) > largePart {
		_ = check() // it returns no error
		return
	}
	c.reading.Go(check)
}

// add checks the rows of a part, after those of the parts before it.
func (c *Checker) add(r *reader, before int) {
	if len(c.mistakes) >= enoughMistakes {
		return
	}
	l := &linker{rows: r.rows, mistakes: r.mistakes}
	for _, row := range r.rows {
		l.identify(row)
		l.hashID(row)
		l.require(row)
		for key := range row.table.keys {
			c.unique(l, row, key, before)
		}
	}
	for _, m := range l.mistakes {
		if m.Line > 0 {
			m.Line += before
		}
		c.mistakes = append(c.mistakes, m)
	}
}

// unique reports a row with the unique value of an earlier one.
func (c *Checker) unique(l *linker, r *row, key, before int) {
	columns := r.table.keys[key]
	if !r.gives(columns) || l.isBroken(r, columns) {
		return
	}
	var h maphash.Hash
	h.SetSeed(c.seed)
	maphash.WriteComparable(&h, [2]int{r.table.number, key})
	for _, column := range columns {
		v := &r.values[column]
		if v.ref != nil {
			_, _ = h.WriteString("\x00" + v.ref.name) // never fails; no text has a NUL
		}
		_, _ = h.WriteString(v.text)
		_ = h.WriteByte(0)
	}
	sum := h.Sum64()
	if line, taken := c.lines[sum]; taken {
		l.reportAt(r, &r.values[columns[0]], wrong("duplicate-value", "change one of them, or remove it",
			"%s has the same %s as the row at %s:%d", r.label(), r.table.describe(columns), r.source.name, line))
		return
	}
	c.lines[sum] = r.node.Line + before
}

// Err waits until all rows are checked, and returns the mistakes as one error, or nil.
func (c *Checker) Err() error {
	_ = c.reading.Wait() // of functions that return no error
	c.mistakes.Sort()
	return c.mistakes.Err("read the seeds")
}
