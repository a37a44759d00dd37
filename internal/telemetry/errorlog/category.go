package errorlog

import (
	"slices"

	"github.com/krowoc/krowoc/internal/fault"
)

// Categories are the categories of the list, the most serious ones first. They are those of package fault, except that a caller who has to
// log in again is unauthenticated, and a failed check is invalid. An operation that its caller gave up is no error.
var Categories = []fault.Code{
	fault.Internal, fault.Upstream, fault.Unavailable, fault.Timeout, fault.Conflict, fault.RateLimited, fault.Forbidden,
	fault.Unauthenticated, fault.NotFound, fault.Invalid,
}

// clientCategories are the mistakes of clients. They may be many, so fewer of them are kept, with one sample each.
var clientCategories = slices.DeleteFunc(slices.Clone(Categories), fault.Code.OfServer)

// category returns the category of a code, or "" if it is no error.
func category(code fault.Code) fault.Code {
	switch {
	case code == fault.Canceled || code == "":
		return ""
	case code == fault.Reauthenticate:
		return fault.Unauthenticated
	case code == fault.CheckFailed:
		return fault.Invalid
	case !slices.Contains(Categories, code):
		return fault.Internal
	}
	return code
}

// fromClient reports whether clients cause errors of this kind, as many and as different as they like.
func fromClient(e Edge, c fault.Code) bool {
	return e == Browser || slices.Contains(clientCategories, c)
}

// categoryOfStatus returns the code of an HTTP status whose cause is unknown.
func categoryOfStatus(status int) fault.Code {
	codes := map[int]fault.Code{
		401: fault.Unauthenticated, 403: fault.Forbidden, 404: fault.NotFound, 408: fault.Timeout, 409: fault.Conflict, 410: fault.NotFound,
		429: fault.RateLimited, 499: fault.Canceled, 502: fault.Upstream, 503: fault.Unavailable, 504: fault.Timeout,
	}
	if code, known := codes[status]; known {
		return code
	}
	if status >= 400 && status < 500 {
		return fault.Invalid
	}
	return fault.Internal
}
