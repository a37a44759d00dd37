package problem

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
)

// TooLarge is the response to a request body of more than limit bytes.
func TooLarge(limit int64) Details {
	return Details{
		Title: "Content Too Large", Status: http.StatusRequestEntityTooLarge, Code: fault.Invalid,
		Detail: fmt.Sprintf("the request body is larger than %d bytes", limit),
		Hint:   "send a smaller request",
	}
}

// NotFound is the response to an unknown path.
func NotFound() Details {
	return Details{
		Title: "Not Found", Status: http.StatusNotFound, Code: fault.NotFound,
		Detail: "unknown path",
	}
}

// MethodNotAllowed is the response to a method that the path does not support. The caller sets the Allow header, which RFC 9110 requires,
// to the same methods.
func MethodNotAllowed(method string, allow ...string) Details {
	return Details{
		Title: "Method Not Allowed", Status: http.StatusMethodNotAllowed, Code: fault.Invalid,
		Detail: fmt.Sprintf("this path does not support %q", method),
		Hint:   "use " + strings.Join(allow, " or "),
	}
}
