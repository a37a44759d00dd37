package access

import (
	"fmt"
	"slices"
	"strings"
)

// Table is a matrix for readers: a line for each group of operations that the same callers may do, and the conditions by number.
type Table struct {
	Header     []string // of the callers
	Lines      []Line   // in the order of the schema
	Conditions []string // number n is at n-1
}

// Line is some operations on the rows of a type or on a field.
type Line struct {
	Subject    string   // Prompt or Prompt.team
	Operations string   // read, update
	Cells      []string // yes, no, or "if 1, 2": where condition 1 or 2 holds
}

// Table returns the matrix for readers.
func (m Matrix) Table() Table {
	var t Table
	for _, c := range m.Callers {
		t.Header = append(t.Header, c.String())
	}
	for _, r := range m.Rows {
		line := Line{Subject: r.Type, Operations: strings.ToLower(string(r.Operation))}
		if r.Field != "" {
			line.Subject += "." + r.Field
		}
		for _, c := range r.Cells {
			line.Cells = append(line.Cells, t.cell(c))
		}
		t.add(line)
	}
	return t
}

// add adds a line, or its operation to one of the same subject and cells.
func (t *Table) add(line Line) {
	for i, other := range t.Lines {
		if other.Subject == line.Subject && slices.Equal(other.Cells, line.Cells) {
			t.Lines[i].Operations += ", " + line.Operations
			return
		}
	}
	t.Lines = append(t.Lines, line)
}

func (t *Table) cell(c Cell) string {
	if c.Allowed != Condition {
		return string(c.Allowed)
	}
	numbers := make([]int, len(c.Conditions))
	for i, text := range c.Conditions {
		n := slices.Index(t.Conditions, text)
		if n < 0 {
			t.Conditions = append(t.Conditions, text)
			n = len(t.Conditions) - 1
		}
		numbers[i] = n + 1
	}
	slices.Sort(numbers)
	return "if " + strings.ReplaceAll(strings.Trim(fmt.Sprint(numbers), "[]"), " ", ", ")
}

// Legend explains the columns.
const Legend = `A caller may do what a cell says: yes, for every row; no; or if one of the conditions with these numbers holds. *authenticated* is a signed-in user on
rows of others, *owner* the same user, own rows included, and so are a *role* and a *tier*: a signed-in user who has it. The grants of several add up.
*service* is the project's own service, to which no rules apply. A field without a line is as its row. Writing a list connects or disconnects rows.`

// Markdown returns the matrix as a table, a legend and a list of its conditions.
func (m Matrix) Markdown() string {
	t := m.Table()
	var b strings.Builder
	b.WriteString("| | | " + strings.Join(t.Header, " | ") + " |\n" + strings.Repeat("| --- ", len(t.Header)+2) + "|\n")
	for _, l := range t.Lines {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", l.Subject, l.Operations, strings.Join(l.Cells, " | "))
	}
	b.WriteString("\n" + Legend + "\n")
	for i, c := range t.Conditions {
		if i == 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%d. %s\n", i+1, escaped(c))
	}
	return b.String()
}

// escaped returns a text that Markdown shows as it is.
func escaped(text string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "`", "\\`", "<", "&lt;", "[", `\[`).Replace(text)
}
