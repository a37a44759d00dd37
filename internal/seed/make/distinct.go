package make

import (
	"strconv"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
)

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
	case !said && c.isPlainText() && !isFinite(m.generator) && c.longest() > 0 && c.longest() <= mostCode:
		m.generator = codes{int64(c.longest())}
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
		m.settle(&upwards{moves: c.hint != nil || t.triggered()}, c)
		return true
	}
	return false
}

// settle makes each row have another value, in all attempts the same. Where a constraint decides whether the value is null or which number
// it is, the attempts differ.
func (m *maker) settle(s generator, c *slot) {
	number, counts := s.(*upwards)
	m.generator, m.steady = s, !c.mustMixNulls() && (!counts || !number.moves)
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
