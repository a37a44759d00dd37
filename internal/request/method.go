package request

import "strings"

// IsMethod reports whether HTTP defines a method: RFC 9110, PATCH of RFC 5789 and QUERY. Clients can make up others, so that only these are
// names of spans and labels of metrics.
func IsMethod(method string) bool {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "QUERY":
		return true
	}
	return false
}

// Route returns the path of a pattern as http.Request has it: /graphql of "POST /graphql". It is "" if no route serves the request.
func Route(pattern string) string {
	if _, path, ok := strings.Cut(pattern, " "); ok {
		return strings.TrimLeft(path, " \t")
	}
	return pattern
}
