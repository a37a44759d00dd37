package make

// ordered is a time after some others and before some, as far as they are known.
type ordered struct {
	*moments
	after, before []*operand
	gap           numbers // after the latest of the others, in seconds; nil for any time after it
	apart, future bool    // it differs from the others; it may be in the future
}

func (s *ordered) make(r *sample) datum {
	if r.attempt >= mostGated { // a check probably contradicts the order
		return s.moments.make(r)
	}
	low, after := latest(r, s.after)
	high := s.high
	for _, o := range s.before {
		if d := o.value(r); !d.null {
			high = min(high, d.i)
		}
	}
	step := int64(1000)
	if s.day {
		step = microsPerDay
		low -= floorMod(low, step)
	}
	switch {
	case !after:
		m := *s.moments
		m.high = max(high, min(m.low, high))
		m.low = min(m.low, m.high)
		return m.make(r)
	case s.gap != nil:
		length := int64(s.gap.draw(r) * 1e6)
		at := low + length - floorMod(length, step)
		if !s.future {
			at = min(at, high-floorMod(high, step))
		}
		if s.apart {
			low += step
		}
		return datum{i: max(low, at)}
	}
	m := *s.moments
	m.low, m.high = max(m.low, low), max(high, low, m.low)
	d := m.make(r)
	return datum{i: max(d.i, low)}
}

// latest returns the latest of some times.
func latest(r *sample, list []*operand) (at int64, ok bool) {
	for _, o := range list {
		if d := o.value(r); !d.null && (!ok || d.i > at) {
			at, ok = d.i, true
		}
	}
	return at, ok
}

func (*ordered) operands() []*operand { return nil }
