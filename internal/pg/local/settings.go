package local

import (
	"maps"
	"strconv"
)

// settings returns the server's settings. They override those in the data folder. The caller's settings override these, except for those
// that this package relies on.
func (s *starting) settings(port int) map[string]string {
	all := map[string]string{
		"timezone":        "UTC",
		"log_timezone":    "UTC",
		"max_connections": "200",
		"shared_buffers":  "128MB",
		"max_wal_size":    "1GB",
	}
	if s.Alone && !s.data.needsMoreLog() {
		maps.Copy(all, minimalLog)
	}
	if s.data.remove {
		maps.Copy(all, minimalLog)
		maps.Copy(all, map[string]string{
			"fsync":              "off",
			"synchronous_commit": "off",
			"full_page_writes":   "off",
			"shared_buffers":     "32MB",
			"autovacuum_naptime": "1h", // longer than any test; autovacuum would wake up for every database
			"max_wal_size":       "256MB",
			"checkpoint_timeout": "1h",
			"log_checkpoints":    "off",
		})
	}
	maps.Copy(all, s.Settings)
	if s.replicaOf != nil {
		all["hot_standby"] = "on"
	}
	maps.Copy(all, map[string]string{ // this package relies on these
		"listen_addresses":        "127.0.0.1",
		"port":                    strconv.Itoa(port),
		"unix_socket_directories": "",
		"log_destination":         "stderr",
		"logging_collector":       "off",
		"log_line_prefix":         "",
		"lc_messages":             "C",
	})
	return all
}
