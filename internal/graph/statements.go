package graph

// NamedStatement is a statement of a plan and its purpose there.
type NamedStatement struct {
	Name   string // query, read, write, link or check
	Writes bool   // it runs with the rights of callers to write
	Statement
}

// Statements returns the statements of the plan in the order in which they run when nothing is refused. Those that only tell why a write failed are
// not among them.
func (p *Plan) Statements() []NamedStatement {
	list := statementList{}
	list.add("query", false, p.Statement)
	for _, s := range p.Steps {
		list.step(s)
	}
	return list
}

type statementList []NamedStatement

func (l *statementList) add(name string, writes bool, s Statement) {
	if s.SQL != "" {
		*l = append(*l, NamedStatement{name, writes, s})
	}
}

func (l *statementList) step(s Step) {
	switch {
	case s.Deletes:
		l.add("read", false, s.Read)
		l.add("write", true, s.Write)
		return
	case s.OneTrip != nil:
		l.add("write", true, s.OneTrip.Write)
		l.add("read", false, s.OneTrip.Read)
		return
	}
	l.rows(s)
	for _, n := range s.Nested {
		l.add("check", true, n.After)
	}
	if s.After.SQL != "" { // without it, Links are empty
		for _, link := range s.Links {
			l.add("link", true, link.Statement)
		}
		l.add("check", true, s.After)
	}
	l.add("read", false, s.Read)
}

// rows adds the writes of the row of a step and of those within its data.
func (l *statementList) rows(s Step) {
	for i := range len(s.Nested) + 1 {
		if i == s.Root {
			l.add("write", true, s.Write)
		}
		if i < len(s.Nested) {
			l.add("write", true, s.Nested[i].Write)
		}
	}
}

// Value is what a parameter of a statement holds.
type Value struct {
	Source string
	Value  any
	Known  bool // false for a part of the key of a row that is yet to be written
}

// Values returns the values of the parameters for a request. It refuses what Bind refuses.
func (s Statement) Values(r Request) ([]Value, error) {
	size := 0
	for _, p := range s.Params {
		if p.Kind == RowKey {
			size = max(size, p.index+1)
		}
	}
	args, err := s.Bind(r, make([]string, size))
	if err != nil {
		return nil, err
	}
	list := make([]Value, len(args))
	for i := range args {
		list[i] = Value{Source: s.Params[i].String()}
		if s.Params[i].Kind != RowKey {
			list[i].Value, list[i].Known = args[i], true
		}
	}
	return list, nil
}
