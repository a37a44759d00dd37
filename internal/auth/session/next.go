package session

import (
	"net/url"
	"slices"
	"strings"
)

// next returns where a log-in ends: a path of this server, or a page of a listed origin. Everything else becomes "/", because a link to the
// log-in could otherwise lead people anywhere (open redirect, CWE-601).
func (m *Manager) next(to string) string {
	const home = "/"
	isOdd := func(c rune) bool { return c <= ' ' || c == '\\' || c == 0x7f } // browsers take \ for / and drop control characters
	if to == "" || len(to) > 2000 || strings.ContainsFunc(to, isOdd) {
		return home
	}
	u, err := url.Parse(to)
	isRelative := err == nil && u.Scheme == "" && u.Host == ""
	isAbsolutePath := strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//")
	switch {
	case err != nil || u.User != nil || u.Opaque != "":
		return home
	case isRelative && isAbsolutePath:
		return to
	case slices.Contains(m.o.Origins, u.Scheme+"://"+u.Host):
		return to
	}
	return home
}
