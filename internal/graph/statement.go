package graph

import (
	"strconv"
	"strings"
)

// Statement is SQL with its parameters.
type Statement struct {
	SQL    string
	Params []Param

	unused []Param // of clients, which the SQL does not need; their values are checked all the same
}

// Bind returns the values of the parameters for a request. Read of a Step takes the key that its Write returned.
func (s Statement) Bind(r Request, key []string) ([]any, error) {
	r.key = key
	if _, err := bindAll(s.unused, r); err != nil {
		return nil, err
	}
	return bindAll(s.Params, r)
}

// placeholder stands for a parameter in SQL that is being written. Postgres refuses parameters that a statement does not mention, and a
// part of the SQL may turn out not to be needed, so the numbers come last. No SQL contains the mark.
func placeholder(i int) string { return mark + strconv.Itoa(i) + mark }

const mark = "\x00"

// number replaces the placeholders for params with $1, $2, … in the order in which the SQL mentions them.
func number(sql string, params []Param) Statement {
	parts := strings.Split(sql, mark) // SQL and indexes take turns
	numbers := make([]int, len(params))
	var s Statement
	for i := 1; i < len(parts); i += 2 {
		index, _ := strconv.Atoi(parts[i])
		if numbers[index] == 0 {
			s.Params = append(s.Params, params[index])
			numbers[index] = len(s.Params)
		}
		parts[i] = "$" + strconv.Itoa(numbers[index])
	}
	for i, n := range numbers {
		if n == 0 && params[i].Kind != RowKey {
			s.unused = append(s.unused, params[i])
		}
	}
	s.SQL = strings.Join(parts, "")
	return s
}

// Size returns about how many bytes the statements of a plan and their parameters take.
func (p *Plan) Size() int {
	size := p.size()
	for _, s := range p.Steps {
		for _, n := range s.Nested {
			size += n.Write.size() + n.Candidate.size() + n.After.size()
		}
		size += s.Write.size() + s.Read.size() + s.Candidate.size() + s.Current.size() + s.After.size()
		if s.OneTrip != nil {
			size += s.OneTrip.Write.size() + s.OneTrip.Read.size()
		}
		for _, e := range s.Events {
			size += e.Properties.size()
		}
		for _, l := range s.Links {
			size += l.size()
		}
	}
	return size
}

func (s Statement) size() int { return len(s.SQL) + 50*(len(s.Params)+len(s.unused)) }
