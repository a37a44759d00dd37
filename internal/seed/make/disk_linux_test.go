package make_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
)

// smallDisk moves a table to a disk of that size, which is full after some rows.
func smallDisk(t *testing.T, pool *pgxpool.Pool, table, size string) {
	t.Helper()
	data := testkit.Value(t, pool, "current_setting('data_directory')")
	info, err := os.Stat(data)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("/tmp", "krowoc-full-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(dir) })
	owner := fmt.Sprint(info.Sys().(*syscall.Stat_t).Uid)
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "mode=700,uid="+owner+",size="+size, "none", dir).CombinedOutput(); err != nil {
		testkit.Skip(t, fmt.Sprintf("mounting a small disk needs root: %v: %s", err, out))
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", dir).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	space := "space_" + filepath.Base(dir)[len("krowoc-full-"):]
	testkit.Exec(t, pool, fmt.Sprintf("CREATE TABLESPACE %s LOCATION '%s'", space, dir))
	t.Cleanup(func() {
		for _, sql := range []string{"ALTER TABLE " + table + " SET TABLESPACE pg_default", "DROP TABLESPACE " + space} {
			if _, err := pool.Exec(context.WithoutCancel(t.Context()), sql); err != nil {
				t.Error(err)
			}
		}
	})
	testkit.Exec(t, pool, "ALTER TABLE "+table+" SET TABLESPACE "+space)
}

func TestDiskFull(t *testing.T) {
	s := parse(t, plain)
	pool := built(t, s)
	smallDisk(t, pool, "items", "8m")
	_, err := seed.Load(t.Context(), making(t, pool, s, "generate: {Owner: 100, Item: 200_000}"))
	if fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "No space left on device") || !strings.Contains(hint(err), "disk space") {
		t.Errorf("%v: %s", err, hint(err))
	}
	if got := testkit.Value(t, pool, "SELECT (SELECT count(*) FROM items) || ' ' || (SELECT count(*) FROM owners)"); got != "0 0" {
		t.Errorf("%s rows are left", got)
	}
}
