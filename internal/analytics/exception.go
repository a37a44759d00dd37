package analytics

import (
	"errors"
	"fmt"
	"path"
	"runtime"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
)

// exception is an entry of $exception_list: https://posthog.com/docs/error-tracking/installation/manual.
type exception struct {
	Type       string      `json:"type"`
	Value      string      `json:"value"`
	Mechanism  mechanism   `json:"mechanism"`
	Stacktrace *stacktrace `json:"stacktrace,omitempty"`
}

type mechanism struct {
	Type      string `json:"type"`
	Handled   bool   `json:"handled"`
	Synthetic bool   `json:"synthetic"`
}

type stacktrace struct {
	Type   string  `json:"type"`
	Frames []frame `json:"frames"` // the outermost first
}

type frame struct {
	Platform string `json:"platform"`
	Filename string `json:"filename"`
	Function string `json:"function"`
	Line     int    `json:"lineno"`
	InApp    bool   `json:"in_app"`
}

// exceptionOf describes an error without values: messages can contain those of rows, so only operations and the SQLSTATE remain.
func exceptionOf(err error) []exception {
	var operations []string
	var state string
	for e := err; e != nil; e = errors.Unwrap(e) {
		if f, ok := e.(*fault.Error); ok && f.Op != "" { //nolint:errorlint // each of the chain counts
			operations = append(operations, f.Op)
		}
		if s, ok := e.(interface{ SQLState() string }); ok && state == "" {
			state = " (SQLSTATE " + s.SQLState() + ")"
		}
	}
	value := strings.Join(operations, ": ") + state
	return []exception{{Type: string(fault.CodeOf(err)) + " error", Value: value, Mechanism: mechanism{Type: "generic", Handled: true}}}
}

// exceptionOfPanic describes a panic whose stack is the one of the caller of the caller.
func exceptionOfPanic(value any) []exception {
	x := exception{Type: fmt.Sprintf("%T", value), Value: "panic", Mechanism: mechanism{Type: "panic"}}
	if err, ok := value.(runtime.Error); ok { // such as a nil pointer or an index; others can have values of rows
		x.Type, x.Value = "runtime error", strings.TrimPrefix(err.Error(), "runtime error: ")
	}
	x.Stacktrace = &stacktrace{Type: "raw", Frames: panicFrames()}
	return []exception{x}
}

// maxFrames limits a stack.
const maxFrames = 64

// ownModule begins the names of functions of this project.
const ownModule = "github.com/krowoc/krowoc/"

// panicFrames returns the stack of the panic that is being recovered, from the outermost function to the one that panicked.
func panicFrames() (list []frame) {
	counters := make([]uintptr, maxFrames)
	frames := runtime.CallersFrames(counters[:runtime.Callers(1, counters)])
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		if f.Function == "runtime.gopanic" {
			list = nil // what is above handles the panic
			continue
		}
		if strings.HasPrefix(f.Function, "runtime.") {
			continue
		}
		folder, file := path.Split(f.File)
		list = append(list, frame{
			Platform: "go", Filename: path.Join(path.Base(folder), file), Function: f.Function, Line: f.Line,
			InApp: strings.HasPrefix(f.Function, ownModule),
		})
	}
	slices.Reverse(list)
	return list
}
