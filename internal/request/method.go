package request

// IsMethod reports whether HTTP defines a method: RFC 9110, PATCH of RFC 5789 and QUERY. Clients can make up others, so that only these are
// names of spans and labels of metrics.
func IsMethod(method string) bool {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "QUERY":
		return true
	}
	return false
}
