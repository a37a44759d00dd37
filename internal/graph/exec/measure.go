package exec

import (
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/fault"
)

// measure counts the fields of a document, those of fragments once per spread, before anything takes time that grows with them. It returns
// a fault for more than most, and for fragments that spread themselves.
func measure(doc *ast.QueryDocument, most int) error {
	m := measurer{document: doc, most: most, fragments: map[string]int{}}
	total := 0
	for _, op := range doc.Operations {
		total += m.fields(op.SelectionSet)
	}
	switch {
	case m.cycle != "":
		return fault.New(fault.Invalid, "", fmt.Sprintf("the fragment %q spreads itself", m.cycle))
	case total > most:
		return fault.New(fault.Invalid, "", fmt.Sprintf("the document has more than %d fields", most), "ask for less at once")
	}
	return nil
}

type measurer struct {
	document  *ast.QueryDocument
	most      int
	fragments map[string]int // fields of each, -1 while they are counted
	cycle     string         // the fragment that spreads itself
}

// fields counts up to one more than most.
func (m *measurer) fields(set ast.SelectionSet) (n int) {
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			n += 1 + m.fields(sel.SelectionSet)
		case *ast.InlineFragment:
			n += m.fields(sel.SelectionSet)
		case *ast.FragmentSpread:
			n += m.spread(sel.Name)
		}
		if n > m.most {
			return m.most + 1
		}
	}
	return n
}

func (m *measurer) spread(name string) int {
	n, known := m.fragments[name]
	if known {
		if n < 0 {
			m.cycle = name
			return 0
		}
		return n
	}
	fragment := m.document.Fragments.ForName(name)
	if fragment == nil {
		return 0 // validation says so
	}
	m.fragments[name] = -1
	n = m.fields(fragment.SelectionSet)
	m.fragments[name] = n
	return n
}
