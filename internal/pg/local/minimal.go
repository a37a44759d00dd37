package local

import (
	"os"
	"regexp"
)

// minimalLog are the settings with which Postgres logs only what it needs after a crash. It then logs the pages of a new small index instead
// of waiting for the disk, which versions before 17 otherwise do for each index: most of the time in which they create many tables.
var minimalLog = map[string]string{"wal_level": "minimal", "max_wal_senders": "0"}

// moreLog matches the settings in a configuration file that need more of the log.
var moreLog = regexp.MustCompile(`(?im)^\s*(wal_level|archive_mode|summarize_wal)\b`)

// needsMoreLog reports whether somebody has configured the server to log more, or a replica that no longer exists has left its slot. Postgres
// would not start without what a slot needs.
func (d *dataFolder) needsMoreLog() bool {
	for _, name := range []string{"postgresql.conf", "postgresql.auto.conf"} {
		if text, err := os.ReadFile(d.file(name)); err != nil || moreLog.Match(text) {
			return true
		}
	}
	slots, err := os.ReadDir(d.file("pg_replslot"))
	return err != nil || len(slots) > 0
}
