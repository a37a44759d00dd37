package health

import "context"

// Component is a part of the running service that knows its own state, such as the keys of an issuer or the sender of traces. The service
// works without it: a component warns, and never fails a report or the readiness.
type Component struct {
	Name        string // without a colon: issuers
	Measurement string // what it observes: keys
	Status      func() State
}

// State is the state of a component. Status must not wait for anything: no network, no database.
type State struct {
	Concern  string // why the component does not work as it should; "" if it does. It contains no names of hosts, roles or folders
	Observed any    // a number
	Unit     string // of Observed; may be empty
}

// Check returns the check of the component.
func (c Component) Check() Check {
	return Check{Name: c.Name, Run: func(context.Context) []Measurement {
		s := c.Status()
		m := Measurement{Name: c.Measurement, ComponentType: "component", ObservedValue: s.Observed, ObservedUnit: s.Unit, Status: Pass}
		if s.Concern != "" {
			m.Status, m.Output, m.Public = Warn, s.Concern, true
		}
		return []Measurement{m}
	}}
}
