// Package health checks the dependencies of a service and reports the result as application/health+json, after
// draft-inadarei-api-health-check-06. The server, the CLI and the development session use the same report.
package health

import (
	"slices"
	"time"
)

// MediaType is the content type of a report.
const MediaType = "application/health+json"

// Status is the state of a service or of one component.
type Status string

// The statuses, from best to worst.
const (
	Pass Status = "pass"
	Warn Status = "warn" // healthy, with concerns
	Fail Status = "fail"
)

// rank orders statuses; an unknown one ranks like Fail.
func (s Status) rank() int {
	switch s {
	case Pass:
		return 0
	case Warn:
		return 1
	}
	return 2
}

// worse returns the worse of two statuses.
func worse(a, b Status) Status {
	if b.rank() > a.rank() {
		return b
	}
	return a
}

// Report is the health of a service (section 3 of the draft).
type Report struct {
	Status      Status   `json:"status"`
	Version     string   `json:"version,omitempty"`   // of the public interface
	ReleaseID   string   `json:"releaseId,omitempty"` // of the build
	Notes       []string `json:"notes,omitempty"`
	Output      string   `json:"output,omitempty"` // why the status is not pass
	ServiceID   string   `json:"serviceId,omitempty"`
	Description string   `json:"description,omitempty"`

	// Checks contains the measurements by "component:measurement" or "component". A key has several measurements
	// if the component has several nodes.
	Checks map[string][]Measurement `json:"checks,omitempty"`
	Links  map[string]string        `json:"links,omitempty"`

	worst  string // the key of the measurement that Output is about; "" for none
	public bool   // Measurement.Public for Output
}

// Measurement is one observation of a component (section 4 of the draft, "the checks object").
type Measurement struct {
	Name string `json:"-"` // the part of the key in Report.Checks after the colon: responseTime

	ComponentID       string            `json:"componentId,omitempty"`
	ComponentType     string            `json:"componentType,omitempty"` // component, datastore or system
	ObservedValue     any               `json:"observedValue,omitempty"`
	ObservedUnit      string            `json:"observedUnit,omitempty"`
	Status            Status            `json:"status,omitempty"`
	AffectedEndpoints []string          `json:"affectedEndpoints,omitempty"` // when it does not pass
	Time              time.Time         `json:"time,omitzero"`
	Output            string            `json:"output,omitempty"` // why the status is not pass
	Links             map[string]string `json:"links,omitempty"`

	// Public means that Output contains no names of hosts, roles or folders. Other outputs are shown only to the operators of the
	// service.
	Public bool `json:"-"`
}

// undisclosed replaces an output that is not public.
const undisclosed = "the log of the service has the cause"

// Disclosed returns the report for the public: without the IDs of components, which name hosts and folders, and without outputs that are
// not public.
func (r Report) Disclosed() Report {
	if r.worst != "" && !r.public {
		r.Output = r.worst + ": " + undisclosed
	}
	checks := make(map[string][]Measurement, len(r.Checks))
	for key, list := range r.Checks {
		list = slices.Clone(list)
		for i := range list {
			list[i].ComponentID = ""
			if list[i].Output != "" && !list[i].Public {
				list[i].Output = undisclosed
			}
		}
		checks[key] = list
	}
	r.Checks = checks
	return r
}
