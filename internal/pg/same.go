package pg

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// SameDatabase reports whether two URLs lead to the same database: whether they have the same database name, and a server in common.
// Users, passwords and parameters such as sslmode do not matter. All ways to this machine, such as localhost, ::1 and a socket, are the same.
// Names are not looked up in the DNS. An invalid URL leads nowhere.
func SameDatabase(a, b string) bool {
	nameA, serversA := place(a)
	nameB, serversB := place(b)
	return nameA == nameB && slices.ContainsFunc(serversA, func(s string) bool { return slices.Contains(serversB, s) })
}

// place returns the database and the servers of a URL, in a form that is the same for all URLs that lead there.
func place(at string) (database string, servers []string) {
	config, err := pgconn.ParseConfig(withoutOptions(at))
	if err != nil {
		return "", nil
	}
	if database = config.Database; database == "" {
		database = config.User // the default in Postgres
	}
	servers = []string{server(config.Host, config.Port)}
	for _, f := range config.Fallbacks {
		servers = append(servers, server(f.Host, f.Port))
	}
	return database, servers
}

// withoutOptions removes the parameters of a URL that do not tell where it leads. Their files may be missing on this machine.
func withoutOptions(at string) string {
	u, err := url.Parse(at)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return at
	}
	kept := url.Values{"sslmode": {"disable"}}
	for name, values := range u.Query() {
		if slices.Contains([]string{"host", "hostaddr", "port", "dbname", "database", "user"}, name) {
			kept[name] = values
		}
	}
	u.RawQuery = kept.Encode()
	return u.String()
}

func server(host string, port uint16) string {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	name, _, _ := strings.Cut(strings.Trim(host, "[]"), "%")
	address, err := netip.ParseAddr(name)
	address = address.Unmap()
	switch {
	case host == "" || strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@"), host == "localhost" || strings.HasSuffix(host, ".localhost"),
		err == nil && (address.IsLoopback() || address.IsUnspecified()):
		host = "localhost"
	case err == nil:
		host = address.String()
	}
	return host + ":" + strconv.Itoa(int(port))
}
