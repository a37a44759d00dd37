package schema

// Metric counts the rows that the API creates and changes, or sums up a field of them, see @metric.
type Metric struct {
	Name string   // without the suffix that Prometheus gives counters
	Sum  *Field   // nil counts rows
	By   []*Field // whose values are labels: enums, Booleans, Strings, and references to types that a String identifies
	Pos  Position
}

// FullName returns the name in Prometheus: executions_total.
func (m Metric) FullName() string { return m.Name + "_total" }

// Labels returns the names of the labels, in the order of By.
func (m Metric) Labels() []string {
	names := make([]string, len(m.By))
	for i, f := range m.By {
		names[i] = SnakeCase(f.Name)
	}
	return names
}

// Fields returns the fields that a change must set to be counted.
func (m Metric) Fields() []*Field {
	if m.Sum == nil {
		return m.By
	}
	return append(m.By[:len(m.By):len(m.By)], m.Sum)
}
