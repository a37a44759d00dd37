package make

// digital is a generator of a finite number of values.
type digital interface {
	generator
	size() int64
	at(r *sample, i int64) datum
}

func (s whole) size() int64 { return s.high - s.low + 1 }

func (s whole) at(_ *sample, i int64) datum { return datum{i: s.low + i} }

func (s *choice) size() int64 { return int64(len(s.values)) }

func (s *choice) at(_ *sample, i int64) datum { return s.values[i].d }

func (s *constant) size() int64 { return 1 }

func (s *constant) at(r *sample, _ int64) datum { return s.make(r) }

func (s coin) size() int64 { return 2 }

func (s coin) at(_ *sample, i int64) datum { return datum{i: i} }

// days are the days of a Date.
type days struct{ *moments }

func (s days) size() int64 { return (s.high-s.low)/microsPerDay + 1 }

func (s days) at(_ *sample, i int64) datum {
	return datum{i: s.low - floorMod(s.low, microsPerDay) + i*microsPerDay}
}
