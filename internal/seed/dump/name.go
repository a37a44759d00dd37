package dump

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
	maker "github.com/krowoc/krowoc/internal/seed/make"
	"github.com/krowoc/krowoc/internal/seed/mask"
)

// arrange names and sorts the chosen rows.
func (d *dumper) arrange() error {
	needed := map[*table]bool{}
	for _, t := range d.tables {
		for _, ref := range t.refs {
			needed[ref.target] = needed[ref.target] || (len(ref.columns) > 1 && len(ref.field.Relation.Fields) == 0)
		}
	}
	for _, t := range d.tables {
		t.nameRows()
		if err := t.sort(needed[t]); err != nil {
			return err
		}
	}
	return nil
}

// sort sorts the rows of a table by the keys that the fixtures contain, which may be masked. Afterwards the rows are found by these keys. If
// the rows need names and have none, it derives names from the keys, since a fixture cannot refer to a row by a key of several columns.
func (t *table) sort(needsNames bool) error {
	type keyed struct {
		*row
		parts []string
	}
	list := make([]keyed, len(t.rows))
	for i, r := range t.rows {
		list[i] = keyed{r, partsOf(r.key)}
		for p, c := range t.key {
			text, err := t.columns[c].mask(list[i].parts[p])
			if err != nil {
				return err
			}
			list[i].parts[p] = text
		}
	}
	slices.SortFunc(list, func(a, b keyed) int { return compare(a.parts, b.parts) })
	isMasked := slices.ContainsFunc(t.key, func(c int) bool { return t.columns[c].masks != nil })
	if isMasked {
		clear(t.byKey)
	}
	needsNames = needsNames && !t.named
	t.named = t.named || needsNames
	for i, k := range list {
		t.rows[i] = k.row
		if isMasked {
			t.byKey[t.folded(joined(k.parts), t.key)] = k.row
		}
		if needsNames {
			sum := sha256.Sum256([]byte(t.folded(joined(k.parts), t.key)))
			k.name = "row-" + hex.EncodeToString(sum[:8])
		}
	}
	return nil
}

func compare(a, b []string) int {
	for i, x := range a {
		y := b[i]
		if n, err := strconv.ParseInt(x, 10, 64); err == nil {
			if m, err := strconv.ParseInt(y, 10, 64); err == nil && n != m {
				return cmp.Compare(n, m)
			}
		}
		if order := strings.Compare(x, y); order != 0 {
			return order
		}
	}
	return 0
}

// rowName matches the names of rows that fixtures allow.
var rowName = regexp.MustCompile(`^[\pL\pN_][\pL\pN_-]*$`)

var uuidForm = regexp.MustCompile(schema.UUID.Pattern())

// naming names the rows of a table by the values of a field.
type naming struct {
	column int
	names  []string // in the order of the chosen rows
	taken  map[string]bool
}

// canName reports whether a field can name the rows: it is unique and has no personal data.
func (t *table) canName(f *schema.Field) bool {
	alone := len(t.Key) == 1 && t.Key[0] == f
	return f.Relation == nil && !f.Type.List && f.Type.Scalar == schema.String && (f.Unique || alone) && !t.omitted[f] && !f.Personal() && !mask.Suspect(f)
}

// suggestNames adds the names for a row, and drops the fields whose values are not suitable.
func (t *table) suggestNames(v values) {
	t.namings = slices.DeleteFunc(t.namings, func(n *naming) bool {
		name := ""
		if text := v[n.column]; text != nil && !strings.Contains(*text, "@") {
			name = nameOf(*text)
		}
		if name == "" || n.taken[name] {
			return true
		}
		n.names = append(n.names, name)
		n.taken[name] = true
		return false
	})
}

// nameOf converts a value to the name of a row. It returns "" for a value that is not suitable.
func nameOf(text string) string {
	name := text
	if !rowName.MatchString(name) {
		name = maker.Slug(name)
	}
	const longest = 60
	if len(name) > longest || uuidForm.MatchString(name) {
		return ""
	}
	return strings.Clone(name) // not a part of a large value
}

// nameRows names the chosen rows by the first suitable field.
func (t *table) nameRows() {
	if t.named = len(t.namings) > 0 && len(t.rows) > 0; t.named {
		for i, r := range t.rows {
			r.name = t.namings[0].names[i]
		}
	}
	t.namings = nil
}
