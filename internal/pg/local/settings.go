package local

import (
	"maps"
	"strconv"
)

// settings are the server's own, over those of its data folder and under the caller's.
func (s *starting) settings(port int) map[string]string {
	all := map[string]string{
		"listen_addresses":        "127.0.0.1",
		"port":                    strconv.Itoa(port),
		"unix_socket_directories": "",
		"timezone":                "UTC",
		"logging_collector":       "off",
		"log_destination":         "stderr",
		"max_connections":         "100",
	}
	if s.Ephemeral {
		maps.Copy(all, map[string]string{
			"fsync":              "off",
			"synchronous_commit": "off",
			"full_page_writes":   "off",
			"shared_buffers":     "32MB",
			"wal_level":          "minimal",
			"max_wal_senders":    "0",
		})
	}
	maps.Copy(all, s.Settings)
	return all
}
