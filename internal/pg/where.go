package pg

import (
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Where names the database of a URL and its server without user and password: "app on db.internal:5432". It is "" for a
// URL that is not valid.
func Where(url string) string {
	config, err := pgconn.ParseConfig(url)
	if err != nil {
		return ""
	}
	servers := []string{address(config)}
	for _, f := range config.Fallbacks { // also the same server without TLS
		if at := address(&pgconn.Config{Host: f.Host, Port: f.Port}); !slices.Contains(servers, at) {
			servers = append(servers, at)
		}
	}
	name := config.Database
	if name == "" {
		name = config.User // as Postgres does
	}
	return name + " on " + strings.Join(servers, ", ")
}
