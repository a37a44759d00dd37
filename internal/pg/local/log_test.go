package local

import (
	"log/slog"
	"os"
	"strings"
	"testing"
)

// Hints that only help the administrator of a production server are not passed on.
func TestHintOfExit(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ log, hint string }{
		"a backup":         {"FATAL:  x\nHINT:  This probably means that some data is corrupted and you will have to use the last backup for recovery.\n", ""},
		"a target":         {"LOG:  x\nHINT:  If this has occurred more than once some data might be corrupted and you might need to choose an earlier recovery target.\n", ""},
		"the log":          {"FATAL:  x\nHINT:  Consult recent messages in the server log for details.\n", ""},
		"one that helps":   {"FATAL:  x\nHINT:  Is another postmaster running on port 5432?\nLOG:  y\n", "Is another postmaster running on port 5432?"},
		"the one before":   {"LOG:  x\nHINT:  Check free disk space.\nFATAL:  y\nHINT:  Consult recent messages in the server log.\n", "Check free disk space."},
		"no hint at all":   {"FATAL:  x\n", ""},
		"a line of a text": {"FATAL:  x\nHINT is not the start\n", ""},
	} {
		from, to, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		var shown strings.Builder
		l := readLog(from, slog.New(slog.NewTextHandler(&shown, nil)))
		if _, err := to.WriteString(tt.log); err != nil {
			t.Fatal(err)
		}
		_ = to.Close()
		l.close()
		if got := l.hint(); got != tt.hint {
			t.Errorf("%s: %q", name, got)
		}
		for _, word := range []string{"backup", "recovery target", "recent messages"} {
			if strings.Contains(shown.String(), word) {
				t.Errorf("%s: shown: %s", name, shown.String())
			}
		}
	}
}

func TestExitOnFullDisk(t *testing.T) {
	t.Parallel()
	l := &serverLog{}
	l.keep(parseLogLine("PANIC:  could not write to file \"x\": No space left on device"))
	if !l.contains(diskFull) || l.contains("something else") {
		t.Errorf("%+v", l.lines)
	}
}
