package make

import (
	"regexp"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/seed/meaning"
)

// Times of a row are in order: it is created before it is published, published before it is archived, updated last, and its parents are
// older than it.

// moment is a field whose value is a time with a place in the order.
type moment struct {
	at    int // the number of its maker
	place int
}

// isBefore reports whether a time must not be after another one. Of two events that are not in the lifecycle, any can be first.
func (m moment) isBefore(other moment) bool {
	return m.place < other.place && (m.place != afterCreated || other.place == lastPlace)
}

// The places of times that are not in the lifecycle.
const (
	afterCreated = 0
	lastPlace    = 1 << 10
)

var (
	createdName = regexp.MustCompile(`^(created|inserted|creation)(_|$)|^(date|time)_created$`)
	updatedName = regexp.MustCompile(`^(last_)?(updated|modified|changed)(_|$)|^(date|time)_(updated|modified)$`)
	seenName    = regexp.MustCompile(`^last_`)
)

// placeOf returns the place of a time in the order; false for a time that has none, such as a date of birth or a time in the future.
func placeOf(f *schema.Field) (place int, ok bool) {
	name := schema.SnakeCase(f.Name)
	h, e := happeningOf(f)
	switch {
	case meaning.IsBirth(name):
	case createdName.MatchString(name):
		return -1, true
	case updatedName.MatchString(name):
		return lastPlace, true
	case seenName.MatchString(name):
		return afterCreated, true
	case h == when:
		_, place, _ := eventOf(string(e))
		return max(place, afterCreated), true
	}
	return 0, false
}

// currentTime are defaults in SQL that are the time of the load.
var currentTime = regexp.MustCompile(`(?i)^\(*(now\(\)|current_timestamp(\(\d\))?|current_date|localtimestamp|(clock|statement|transaction)_timestamp\(\)|timezone\(.*now\(\)\))`)

// isCreation reports whether a field is the time at which a row is created, by its default. Rows that are all created at the time of the
// load are not realistic.
func isCreation(f *schema.Field) bool {
	return isTime(f) && createdName.MatchString(schema.SnakeCase(f.Name)) && currentTime.MatchString(strings.TrimSpace(f.Default.SQL))
}

// isTime reports whether a field is one time.
func isTime(f *schema.Field) bool {
	return (f.Type.Scalar == schema.DateTime || f.Type.Scalar == schema.Date) && !f.Type.List
}

// inOrder puts the times of a row in order.
func (p *Generation) inOrder(t *blueprint) {
	var list []moment
	for i, m := range t.makers {
		if place, ok := placeOf(m.field); ok && isTime(m.field) && t.slots[m.slots[0]].kind.isTime() {
			list = append(list, moment{i, place})
		}
	}
	slices.SortStableFunc(list, func(a, b moment) int { return a.place - b.place })
	for i, one := range list {
		var after, before []int
		for _, other := range list[:i] {
			if other.isBefore(one) {
				after = append(after, other.at)
			}
		}
		for _, other := range list[i+1:] {
			if one.isBefore(other) && t.says(t.makers[other.at].field) {
				before = append(before, other.at)
			}
		}
		var parents []*operand
		if one.place < 0 {
			parents = p.parentTimes(t)
		}
		t.follows(one.at, after, before, parents, one.place)
	}
	t.periods()
}

// follows makes one time come after and before others.
func (t *blueprint) follows(at int, after, before []int, parents []*operand, place int) {
	m := t.makers[at]
	s, ok := t.movable(m)
	if !ok || len(after)+len(before)+len(parents) == 0 {
		return
	}
	made := &ordered{moments: s, after: parents}
	for _, other := range after {
		if !t.after(other)[at] {
			made.after, m.after = append(made.after, t.operandOf(other)), append(m.after, other)
		}
	}
	for _, other := range before {
		if !t.after(other)[at] {
			made.before, m.after = append(made.before, t.operandOf(other)), append(m.after, other)
		}
	}
	for _, o := range parents {
		m.after = append(m.after, o.parent)
	}
	if len(parents) > 0 { // soon after them, since those of several levels would otherwise all be created at the end
		made.power = 1.0 / 3
	}
	_, e := happeningOf(m.field)
	began := func(i int) bool {
		_, e := happeningOf(t.makers[i].field)
		return e == started
	}
	switch {
	case place == lastPlace:
		made.gap = exponential{20 * 86400}
	case slices.Contains([]event{completed, failed, canceled, ended}, e) && slices.ContainsFunc(after, began):
		made.gap = exponential{3600}
	}
	m.generator = made
}

// movable returns the distribution of a time that can be put in order: it is guessed, and no constraint bounds it.
func (t *blueprint) movable(m *maker) (*moments, bool) {
	s, ok := m.generator.(*moments)
	h := t.slots[m.slots[0]].hint
	bounded := h != nil && (h.Min.Text != "" || h.Max.Text != "" || h.Values != nil || len(h.Any) > 0)
	inSet := slices.ContainsFunc(t.sets(), func(u schema.Unique) bool { return slices.Contains(u.Fields, m.field) })
	return s, ok && !bounded && !inSet && !m.steady && !t.says(m.field)
}

func (t *blueprint) operandOf(i int) *operand {
	m := t.makers[i]
	return &operand{path: m.field.Name, field: m.field, slot: t.slots[m.slots[0]], at: m.slots[0], parent: -1, many: m.slots}
}

// parentTimes returns the times at which the rows were created that a row refers to.
func (p *Generation) parentTimes(t *blueprint) (list []*operand) {
	for i, m := range t.makers {
		of := m.refersTo()
		early := slices.ContainsFunc(p.early, func(e early) bool { return e.by == m })
		if of == nil || early || slices.ContainsFunc(m.pick.demands, func(d *demand) bool { return d.with == nil && d.sure }) {
			continue // those that are determined by others are older than these
		}
		at := slices.IndexFunc(of.typ.Fields, func(f *schema.Field) bool {
			return isTime(f) && createdName.MatchString(schema.SnakeCase(f.Name)) && f.Column != ""
		})
		if at < 0 {
			continue
		}
		c := of.index[of.typ.Fields[at].Column]
		if of.spec != nil && of.filler(c) < 0 {
			continue // the time of the load
		}
		of.rows.need(c)
		t.locate(i)
		list = append(list, &operand{path: m.field.Name, field: of.typ.Fields[at], slot: of.slots[c], at: c, parent: i, many: []int{c}})
	}
	return list
}
