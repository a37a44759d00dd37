package scratch

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

func TestForgetOldest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range maxSettled + 3 {
		m := Settled{filepath.Join(dir, strconv.Itoa(i))}
		m.Remember(nil)
		at := time.Unix(int64(i), 0)
		if err := os.Chtimes(m.path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	Settled{filepath.Join(dir, "last")}.Remember(nil)
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != maxSettled {
		t.Fatalf("%d files are left: %v", len(entries), err)
	}
	if _, err := os.Stat(filepath.Join(dir, "3")); err == nil {
		t.Error("the oldest is there still")
	}
	if _, known := (Settled{filepath.Join(dir, "last")}).Recall(); !known {
		t.Error("the newest is gone")
	}
}
