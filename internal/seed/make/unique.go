package make

import (
	"hash/maphash"
	"slices"
	"strconv"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
)

// uniqueness is a key or another unique constraint.
type uniqueness struct {
	fields []*schema.Field
	slots  []int
	total  int64               // the number of possible combinations; 0 if unknown
	seen   map[uint64]struct{} // hashes of earlier rows; nil if the generators guarantee uniqueness
	walk   *spread             // over all combinations, after random attempts have failed
	walked int64               // the number of combinations that were tried
	seed   maphash.Seed
	buffer []byte
}

func (u *uniqueness) String() string { return "no two rows may have the same " + names(u.fields) }

// hash returns a hash of a row's values. It returns false if one is null, since nulls are distinct.
func (u *uniqueness) hash(values []datum, slots []*slot) (uint64, bool) {
	b := u.buffer[:0]
	for _, c := range u.slots {
		if values[c].null {
			return 0, false
		}
		b = slots[c].appendDatum(b, &values[c])
	}
	u.buffer = b
	return maphash.Bytes(u.seed, b), true
}

func (u *uniqueness) has(r *sample) bool {
	h, ok := u.hash(r.values, r.blueprint.slots)
	if !ok {
		return false
	}
	_, seen := u.seen[h]
	return seen
}

func (u *uniqueness) add(r *sample) {
	if h, ok := u.hash(r.values, r.blueprint.slots); ok {
		u.seen[h] = struct{}{}
	}
}

// numbered makes texts unique by adding the row's number, if necessary.
type numbered struct {
	of       generator
	longest  int
	always   bool
	division string
}

func (s numbered) make(r *sample) datum {
	d := s.of.make(r)
	if d.null || (!s.always && r.attempt < 4) {
		return d
	}
	suffix := s.division + strconv.FormatInt(r.number+1, 36)
	if r.attempt >= 4 {
		suffix += strconv.FormatUint(r.rng.Uint64()%46656, 36) // another run may have used this number
	}
	base, rest := d.s, ""
	switch name, host, email := strings.Cut(d.s, "@"); {
	case email:
		base, rest = name, "@"+host
	}
	if room := s.longest - len(suffix) - len(rest); s.longest > 0 && room < 1 {
		return datum{s: s.short(r)}
	} else if s.longest > 0 {
		base = fit(base, 0, max(1, s.longest-len(suffix)-len(rest)))
	}
	return datum{s: base + suffix + rest}
}

// short returns a text for a column that is too short for a number after a text.
func (s numbered) short(r *sample) string {
	text := strconv.FormatInt(r.number+1, 36)
	if r.attempt >= 4 {
		text = strconv.FormatUint(r.rng.Uint64(), 36)
	}
	return fit(text, 0, s.longest)
}

// ids generates the keys of rows without a specification.
type ids struct{ salt uint64 }

func (s ids) make(r *sample) datum { return datum{id: rowID(s.salt, r.number)} }

// textIDs generates the same as texts.
type textIDs struct {
	salt    uint64
	longest int
}

func (s textIDs) make(r *sample) datum {
	id := rowID(s.salt, r.number)
	if s.longest == 0 || s.longest >= 36 {
		return datum{s: formatUUID(id)}
	}
	text := strconv.FormatInt(r.number+1, 36)
	return datum{s: fit(text, 0, s.longest)}
}

// keys makes keys and unique fields unique.
func (t *blueprint) keys() {
	t.addUnique(t.typ.Key...)
	for _, f := range t.typ.Fields {
		if f.Unique {
			t.addUnique(f)
		} else if made := t.spec.made[f.Name]; made != nil && made.distinct {
			t.addUnique(f)
		}
	}
	for _, u := range t.typ.Uniques {
		t.addUnique(u.Fields...)
	}
	t.databaseKeys()
}

func newUniqueness(fields []*schema.Field, slots []int) *uniqueness {
	return &uniqueness{fields: fields, slots: slots, seed: maphash.MakeSeed()}
}

func (t *blueprint) addUnique(fields ...*schema.Field) {
	fields = t.led(fields)
	u := newUniqueness(fields, nil)
	makers := make([]*maker, 0, len(fields))
	for _, f := range fields {
		i := t.makerOf(f)
		if i < 0 {
			return // the database fills it
		}
		makers = append(makers, t.makers[i])
		u.slots = append(u.slots, t.makers[i].slots...)
	}
	for _, m := range makers {
		if t.distinct(m, len(fields) == 1) {
			return // one unique field is enough
		}
	}
	if t.per != nil && slices.ContainsFunc(makers, func(m *maker) bool { return m == t.makers[t.per.maker] }) {
		for _, m := range makers {
			if _, follows := m.generator.(followed); !follows && t.spec.made[m.field.Name] == nil && m.pick == nil && isWhole(t.slots[m.slots[0]].kind) {
				m.generator, m.null, m.steady = nth{}, 0, true
				return
			}
		}
	}
	for _, m := range makers {
		m.nullable = t.canBeNull(m)
	}
	t.uniques = append(t.uniques, u)
}

// canBeNull reports whether a field that is not specified may be null in any row, whatever the values of the other fields are.
func (t *blueprint) canBeNull(m *maker) bool {
	f := m.field
	if f.Type.NonNull || t.spec.made[f.Name] != nil || slices.Contains(t.typ.Key, f) || (t.per != nil && t.makers[t.per.maker] == m) {
		return false
	}
	if f.Relation != nil && slices.ContainsFunc(f.Relation.Fields, func(of *schema.Field) bool { return of.Type.NonNull }) {
		return false
	}
	return !slices.ContainsFunc(m.slots, func(at int) bool {
		h := t.slots[at].hint
		return h != nil && (h.NotNull || h.Nullness)
	})
}

func isWhole(k kind) bool { return k == kindInt2 || k == kindInt4 || k == kindInt8 }

// distinct makes a field unique, if that is possible without recording values. alone means that the key has no other fields.
func (t *blueprint) distinct(m *maker, alone bool) bool {
	c := t.slots[m.slots[0]]
	said := t.spec.made[m.field.Name] != nil
	_, counts := m.generator.(counter)
	_, random := m.generator.(randomUUID)
	_, follows := m.generator.(followed)
	switch {
	case counts:
		m.null = 0
		return true
	case m.pick != nil, follows:
		return false
	case m.field.Type.Scalar == schema.ID && c.kind == kindUUID && !said:
		m.settle(ids{m.salt}, c)
		return true
	case random:
		return true
	case !alone:
		return false
	case !said && c.isPlainText() && (c.hint == nil || c.hint.Prefix == "") && m.field.Constraints.Format == "" && isID(m.field):
		m.settle(textIDs{m.salt, c.longest()}, c)
		return true
	case c.isPlainText() && !isFinite(m.generator):
		if m.null == 1 {
			return true
		}
		always := t.count > keptRows || t.per != nil
		m.generator = numbered{of: m.generator, longest: c.longest(), always: always, division: division(m.field)}
		return always
	case c.kind == kindJSONB && !c.array && !said && c.hint == nil:
		m.settle(numberedDocument{}, c)
		return true
	case isWhole(c.kind) && !said && !c.hint.Finite() && !t.hasDomain(c):
		m.settle(&upwards{moves: c.hint != nil}, c)
		return true
	}
	return false
}

// settle makes each row have another value, in all attempts the same. Where a constraint decides whether the value is null or which number
// it is, the attempts differ.
func (m *maker) settle(s generator, c *slot) {
	_, number := s.(*upwards)
	m.generator, m.steady = s, !c.mustMixNulls() && (!number || c.hint == nil)
	if !c.mustMixNulls() {
		m.null = 0
	}
}

func isID(f *schema.Field) bool {
	return f.Type.Scalar == schema.ID || f.Name == "id" || strings.HasSuffix(f.Name, "Id") || strings.HasSuffix(f.Name, "ID")
}

// upwards counts from the largest existing number.
type upwards struct {
	after int64
	moves bool // each attempt has another number
}

func (s *upwards) make(r *sample) datum {
	t := r.blueprint
	d := datum{i: s.after + r.number + 1 - t.done}
	if s.moves { // no other row has the number in any attempt, and an odd step changes whether it is even
		d.i += int64(r.attempt) * (max(t.remaining(), 1) | 1)
	}
	return d
}

// numberedDocument is a JSON object with the number of the row.
type numberedDocument struct{}

func (numberedDocument) make(r *sample) datum {
	return datum{s: `{"number": ` + strconv.FormatInt(r.number+1, 10) + "}"}
}

func isFinite(s generator) bool {
	_, choice := s.(*choice)
	_, same := s.(*constant)
	return choice || same
}

// division returns the separator between a text and a number.
func division(f *schema.Field) string {
	switch f.Constraints.Format {
	case schema.Email:
		return "+"
	case schema.Phone, schema.IPv4, schema.IPv6, schema.UUID, schema.Color:
		return ""
	}
	return "-"
}
