package pg

import (
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Where returns the database and server of a URL without user and password, such as "app on db.internal:5432". It returns "" for an invalid
// URL.
func Where(url string) string {
	config, err := pgconn.ParseConfig(url)
	if err != nil {
		return ""
	}
	servers := []string{address(config)}
	for _, f := range config.Fallbacks { // these contain the same server without TLS
		if at := address(&pgconn.Config{Host: f.Host, Port: f.Port}); !slices.Contains(servers, at) {
			servers = append(servers, at)
		}
	}
	name := config.Database
	if name == "" {
		name = config.User // the default in Postgres
	}
	return name + " on " + strings.Join(servers, ", ")
}
