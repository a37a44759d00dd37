package local

import (
	"path/filepath"
	"testing"
)

// A server without replicas logs only what it needs after a crash, unless its configuration asks for more, or a slot is left without which it
// would not start.
func TestAloneLogsLittle(t *testing.T) {
	t.Parallel()
	o := Options{DataDir: filepath.Join(folder(t), "postgres"), Alone: true}
	level := func(o Options, then string) string {
		t.Helper()
		server := start(t, o)
		defer stop(t, server)
		got := query(t, server, "postgres", "SHOW wal_level")
		query(t, server, "postgres", then)
		return got
	}
	for _, c := range []struct{ alone, then, want string }{
		{"alone", "SELECT 1", "minimal"},
		{"", "SELECT pg_create_physical_replication_slot('krowoc_replica_killed')", "replica"},
		{"alone", "SELECT pg_drop_replication_slot('krowoc_replica_killed')", "replica"},
		{"alone", "ALTER SYSTEM SET wal_level = logical", "minimal"},
		{"alone", "ALTER SYSTEM RESET wal_level", "logical"},
		{"alone", "SELECT 1", "minimal"},
	} {
		o.Alone = c.alone != ""
		if got := level(o, c.then); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}
