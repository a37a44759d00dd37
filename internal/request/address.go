package request

import (
	"net"
	"net/http"
)

// Address returns the address that the connection of a request comes from, without its port: that of a proxy, if there is one ahead of the
// server. Headers such as X-Forwarded-For are not read, because anybody can send them.
func Address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
