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

// order sorts the rows of every table by key, and indexes them by their keys, which may be masked.
func (d *dumper) order() {
	for _, t := range d.tables {
		slices.SortFunc(t.rows, func(a, b *row) int { return t.compare(a, b) })
		clear(t.byKey)
		for _, r := range t.rows {
			t.byKey[t.keyOf(r.values, t.key)] = r
		}
	}
}

func (t *table) compare(a, b *row) int {
	for _, c := range t.key {
		x, y := *a.values[c], *b.values[c]
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

// nameRows names the rows of a table. It uses the values of a unique field. Without one, it derives names from the keys, but only if other
// rows refer to them by a key of several columns.
func (d *dumper) nameRows() {
	needed := map[*table]bool{}
	for _, t := range d.tables {
		for _, ref := range t.refs {
			needed[ref.target] = needed[ref.target] || (len(ref.columns) > 1 && len(ref.field.Relation.Fields) == 0)
		}
	}
	for _, t := range d.tables {
		t.named = slices.ContainsFunc(t.Fields, t.nameBy)
		if t.named || !needed[t] {
			continue
		}
		t.named = true
		for _, r := range t.rows {
			sum := sha256.Sum256([]byte(t.keyOf(r.values, t.key)))
			r.name = "row-" + hex.EncodeToString(sum[:8])
		}
	}
}

// rowName matches the names of rows that fixtures allow.
var rowName = regexp.MustCompile(`^[\pL\pN_][\pL\pN_-]*$`)

var uuidForm = regexp.MustCompile(schema.UUID.Pattern())

// nameBy names the rows by a unique field without personal data, if its values are suitable as names.
func (t *table) nameBy(f *schema.Field) bool {
	alone := len(t.Key) == 1 && t.Key[0] == f
	if f.Relation != nil || f.Type.List || f.Type.Scalar != schema.String || (!f.Unique && !alone) || t.omitted[f] || f.Personal() || mask.Suspect(f) {
		return false
	}
	c := t.index[f.Column]
	names := make([]string, len(t.rows))
	seen := map[string]bool{}
	for i, r := range t.rows {
		if r.values[c] == nil {
			return false
		}
		name := *r.values[c]
		if !rowName.MatchString(name) {
			name = maker.Slug(name)
		}
		const longest = 60
		if name == "" || len(name) > longest || seen[name] || uuidForm.MatchString(name) || strings.Contains(*r.values[c], "@") {
			return false
		}
		names[i], seen[name] = name, true
	}
	for i, r := range t.rows {
		r.name = names[i]
	}
	return len(names) > 0
}
