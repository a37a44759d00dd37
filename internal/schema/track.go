package schema

import "slices"

// Track is a product event that writes of a type cause through the API (@track).
type Track struct {
	Event  string
	On     []Operation // Create, Update or Delete; never empty
	Fields []*Field    // whose values are properties of the event; each has one column
	Pos    Position
}

// TrackedBy returns the events that an operation on the type causes.
func (t *Type) TrackedBy(op Operation) (list []Track) {
	for _, track := range t.Tracks {
		if slices.Contains(track.On, op) {
			list = append(list, track)
		}
	}
	return list
}
