package make

import "slices"

// Generators without operands.

func (*constant) operands() []*operand        { return nil }
func (*choice) operands() []*operand          { return nil }
func (whole) operands() []*operand            { return nil }
func (faked) operands() []*operand            { return nil }
func (counter) operands() []*operand          { return nil }
func (randomUUID) operands() []*operand       { return nil }
func (coin) operands() []*operand             { return nil }
func (octets) operands() []*operand           { return nil }
func (coordinates) operands() []*operand      { return nil }
func (followed) operands() []*operand         { return nil }
func (nth) operands() []*operand              { return nil }
func (*moments) operands() []*operand         { return nil }
func (ids) operands() []*operand              { return nil }
func (textIDs) operands() []*operand          { return nil }
func (*upwards) operands() []*operand         { return nil }
func (numberedDocument) operands() []*operand { return nil }

func (fixed) operands() []*operand       { return nil }
func (uniform) operands() []*operand     { return nil }
func (normal) operands() []*operand      { return nil }
func (lognormal) operands() []*operand   { return nil }
func (exponential) operands() []*operand { return nil }
func (poisson) operands() []*operand     { return nil }
func (zipfian) operands() []*operand     { return nil }

// Generators with operands, or that wrap other generators.

func (s copied) operands() []*operand    { return s.arithmetic.operands() }
func (s same) operands() []*operand      { return []*operand{s.of} }
func (s *measure) operands() []*operand  { return s.numbers.operands() }
func (s numbered) operands() []*operand  { return s.of.operands() }
func (s sometimes) operands() []*operand { return s.of.operands() }
func (s address) operands() []*operand   { return s.names }
func (s slugged) operands() []*operand   { return []*operand{s.of} }
func (s filled) operands() []*operand    { return s.fields }

func (n arithmetic) operands() []*operand {
	list := []*operand{n.of}
	for _, other := range []numbers{n.times, n.plus} {
		if other != nil {
			list = append(list, other.operands()...)
		}
	}
	return list
}

func (s many) operands() []*operand { return slices.Concat(s.of.operands(), s.count.operands()) }

func (s switched) operands() []*operand {
	list := slices.Concat([]*operand{s.of}, s.rest.operands())
	for _, branch := range s.when {
		list = append(list, branch.operands()...)
	}
	return list
}

func (s document) operands() (list []*operand) {
	for _, part := range s.values {
		list = append(list, part.operands()...)
	}
	return list
}
