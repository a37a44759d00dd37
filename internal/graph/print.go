package graph

import (
	"fmt"
	"strings"
)

// String describes the plan for people: SQL, under comments that say what it touches and what each parameter is.
func (p *Plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "-- reads      %s\n", list(p.Reads))
	fmt.Fprintf(&b, "-- writes     %s\n", list(p.Writes))
	fmt.Fprintf(&b, "-- per caller %s\n", p.PerCaller)
	if p.Fresh.Within > 0 {
		fmt.Fprintf(&b, "-- log-in     within %s, for %s\n", p.Fresh.Within, p.Fresh.What)
	}
	fmt.Fprintf(&b, "-- cost       %s, at most %d\n", &p.Cost, p.MaxCost)
	for _, f := range p.Fields {
		switch {
		case f.Introspection != nil:
			fmt.Fprintf(&b, "-- %s: %s\n", f.Key, f.Introspection)
		case f.Session != nil:
			fmt.Fprintf(&b, "-- %s: %s\n", f.Key, f.Session)
		case f.Call != nil:
			fmt.Fprintf(&b, "-- %s: %s\n", f.Key, f.Call)
		case f.Value != nil:
			fmt.Fprintf(&b, "-- %s: %s\n", f.Key, f.Value)
		}
	}
	if p.SQL != "" {
		printStatement(&b, p.SQL, p.Params)
	}
	for i, s := range p.Steps {
		if s.OneTrip != nil {
			s.Write, s.Read = s.OneTrip.Write, s.OneTrip.Read
		}
		write := func() {
			fmt.Fprintf(&b, "\n-- step %d: write %s\n", i+1, s.name())
			printStatement(&b, s.Write.SQL, s.Write.Params)
			for _, l := range s.Links {
				fmt.Fprintf(&b, "\n-- step %d: write %s\n", i+1, l.change.src.Relation.Through.Name)
				printStatement(&b, l.SQL, l.Params)
			}
			if len(s.Links) > 0 {
				fmt.Fprintf(&b, "\n-- step %d: apply the rules\n", i+1)
				printStatement(&b, s.After.SQL, s.After.Params)
			}
		}
		if !s.Deletes {
			write()
		}
		if s.Read.SQL == "" {
			continue
		}
		fmt.Fprintf(&b, "\n-- step %d: read %s\n", i+1, s.name())
		printStatement(&b, s.Read.SQL, s.Read.Params)
		if s.Deletes {
			write()
		}
	}
	return b.String()
}

func printStatement(b *strings.Builder, sql string, params []Param) {
	for i := range params {
		fmt.Fprintf(b, "-- $%d %s\n", i+1, &params[i])
	}
	fmt.Fprintln(b, sql)
}

func list(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, ", ")
}
