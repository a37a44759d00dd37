package cicmd

import (
	"time"

	"github.com/krowoc/krowoc/internal/app/ci"
)

// report is what `ci --output json` prints.
type report struct {
	OK         bool    `json:"ok"`
	DurationMs float64 `json:"durationMs"`
	Steps      []step  `json:"steps"`
}

type step struct {
	Name       string    `json:"name"`
	OK         bool      `json:"ok"`
	DurationMs float64   `json:"durationMs"`
	Summary    string    `json:"summary"`
	Remarks    []finding `json:"remarks,omitempty"`
}

type finding struct {
	Rule    string `json:"rule"`
	Level   string `json:"level"`
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`
}

func reportOf(steps []ci.Step, took time.Duration) report {
	r := report{OK: true, DurationMs: milliseconds(took), Steps: make([]step, len(steps))}
	for i, s := range steps {
		r.OK = r.OK && s.OK
		r.Steps[i] = step{Name: s.Name, OK: s.OK, DurationMs: milliseconds(s.Took), Summary: s.Summary}
		for _, d := range s.Findings {
			r.Steps[i].Remarks = append(r.Steps[i].Remarks, finding{d.Code, string(d.Severity), d.File, d.Line, d.Column, d.Message})
		}
	}
	return r
}
