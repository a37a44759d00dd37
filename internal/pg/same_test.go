package pg_test

import (
	"testing"

	"github.com/krowoc/krowoc/internal/pg"
)

func TestSameDatabase(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"postgres://db.example/app", "postgres://db.example:5432/app", true},
		{"postgres://db.example/app", "postgresql://DB.Example./app", true},
		{"postgres://ada:one@db.example/app", "postgres://bob:two@db.example/app?sslmode=disable&connect_timeout=3", true},
		{"postgres://db.example/app?sslmode=verify-full&sslrootcert=/no/such/file", "postgres://db.example/app", true},
		{"postgres://db.example/my%20app", "postgres://db.example/my app", true},
		{"postgres://db%2eexample/app", "postgres://db.example/app", true},
		{"postgres://db.example/app", "host=db.example dbname=app user=x", true},
		{"postgres://localhost/app", "postgres://127.0.0.1/app", true},
		{"postgres://127.0.0.2:6000/app", "postgres://[::1]:6000/app", true},
		{"postgres://localhost/app", "postgres:///app?host=/var/run/postgresql", true},
		{"postgres://localhost/app", "postgres://%2Ftmp/app", true},
		{"postgres://[::ffff:127.0.0.1]/app", "postgres://localhost/app", true},
		{"postgres://10.0.0.1/app", "postgres://[::ffff:10.0.0.1]/app", true},
		{"postgres://[2001:db8::1]/app", "postgres://[2001:0DB8:0:0::1]/app", true},
		{"postgres://a,b/app", "postgres://b/app", true},
		{"postgres://app@db.example", "postgres://db.example/app", true}, // the user's name is the default
		{"postgres://db.example/app", "postgres://db.example/App", false},
		{"postgres://db.example/app", "postgres://db.example/app2", false},
		{"postgres://db.example/app", "postgres://db2.example/app", false},
		{"postgres://db.example/app", "postgres://db.example:5433/app", false},
		{"postgres://localhost/app", "postgres://10.0.0.1/app", false},
		{"not a URL", "not a URL", false},
		{"", "postgres://db.example/app", false},
	} {
		if pg.SameDatabase(c.a, c.b) != c.same || pg.SameDatabase(c.b, c.a) != c.same {
			t.Errorf("%s and %s: want %t", c.a, c.b, c.same)
		}
	}
}
