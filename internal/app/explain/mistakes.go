package explain

import (
	"errors"
	"strings"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph"
)

// located returns the mistakes of a document with their lines.
func located(err error, file, document string) error {
	var list gqlerror.List
	var planned *graph.Error
	var found diag.List
	lines := strings.Split(document, "\n")
	add := func(message string, line, column int) {
		at := diag.Position{File: file, Line: line, Column: column}
		d := diag.Diagnostic{Severity: diag.Error, Code: "invalid-operation", Message: message, Position: at}
		if line > 0 && line <= len(lines) {
			d.Source = lines[line-1]
		}
		found = append(found, d)
	}
	switch {
	case errors.As(err, &list):
		for _, e := range list {
			at := gqlerror.Location{}
			if len(e.Locations) > 0 {
				at = e.Locations[0]
			}
			add(e.Message, at.Line, at.Column)
		}
	case errors.As(err, &planned):
		add(planned.Error(), planned.Line, planned.Column)
		found[0].Remedy = fault.HintOf(planned)
	default:
		return err
	}
	return found.Err("check the operation")
}
