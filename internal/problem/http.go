package problem

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
)

// TooLarge is the answer to a request body of more than limit bytes.
func TooLarge(limit int64) Details {
	return Details{
		Title: "Content Too Large", Status: http.StatusRequestEntityTooLarge, Code: fault.Invalid,
		Detail: fmt.Sprintf("the request body is larger than %d bytes", limit),
		Hint:   "send less at once",
	}
}

// NotFound is the answer to a path that leads nowhere.
func NotFound() Details {
	return Details{
		Title: "Not Found", Status: http.StatusNotFound, Code: fault.NotFound,
		Detail: "nothing is served at this path",
	}
}

// MethodNotAllowed is the answer to a method that the path does not serve. The caller sets the Allow header,
// as RFC 9110 requires, from the same methods.
func MethodNotAllowed(method string, allow ...string) Details {
	return Details{
		Title: "Method Not Allowed", Status: http.StatusMethodNotAllowed, Code: fault.Invalid,
		Detail: fmt.Sprintf("this path does not serve %s", method),
		Hint:   "use " + strings.Join(allow, " or "),
	}
}
