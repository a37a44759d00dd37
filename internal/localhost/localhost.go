// Package localhost protects servers that are meant for one developer from foreign web pages.
package localhost

import (
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/problem"
)

// Only returns middleware that rejects requests whose Host header names neither this machine nor one of the given hosts. Otherwise, a
// foreign page whose domain resolves to 127.0.0.1 could read the responses (DNS rebinding). The browser sends the domain of the page as
// the Host.
func Only(what string, others ...string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if host := hostOf(r.Host); !Names(host) && !slices.Contains(others, host) {
				problem.Write(w, r, fault.New(fault.Forbidden, "reach "+what, "it serves only this machine, but the Host header names another host",
					"use localhost or 127.0.0.1"))
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// hostOf returns the host of a Host header, without its port and the brackets of an IPv6 address.
func hostOf(header string) string {
	host := header
	if h, _, err := net.SplitHostPort(header); err == nil {
		host = h
	}
	return strings.Trim(host, "[]")
}

// Names reports whether a host without a port always means this machine (RFC 6761, section 6.3).
func Names(host string) bool {
	ip := net.ParseIP(host)
	isLoopback := ip != nil && ip.IsLoopback()
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || isLoopback
}
