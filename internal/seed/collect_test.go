package seed_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/seed"
)

// mapOf is the map behind files.
func mapOf(fsys fs.FS) fstest.MapFS { return fsys.(fstest.MapFS) }

// TestExtends loads sets that extend one another in a circle, and files that include one another.
func TestExtends(t *testing.T) {
	pool := database(t)
	fsys := files(
		"dev/a.yaml", "extends: [demo, common]\ninclude: ../shared/u*\nusers:\n  ada: {email: ada@example.com, name: Ada, manager: $users.shared}\n",
		"dev/b.yaml", "include: [a.yaml, ../shared/users.yaml, ../shared/tickets.yaml]\n",
		"demo/a.yml", "{extends: common, tickets: [{title: Demo}]}\n",
		"common/a.yaml", "extends: [dev, common]\nsamples:\n  - {code: common}\n",
		"shared/users.yaml", "include: [users.yaml, ../dev/b.yaml]\nusers:\n  shared: {email: shared@example.com, name: Shared}\n",
		"shared/tickets.yaml", "tickets:\n  - title: Included\n",
		"shared/users.txt", "no fixture",
		"other/a.yaml", "nonsense: [",
	)
	o := options(t, pool, fsys)
	for i := range 2 {
		summary, err := seed.Load(t.Context(), o)
		if err != nil {
			t.Fatal(explain(err))
		}
		wantTotal(t, summary, 5-5*i, 0, 5*i)
	}
	base, err := seed.Digest(fsys, o.Sets)
	if err != nil {
		t.Fatal(err)
	}
	for name, counted := range map[string]bool{"demo/a.yml": true, "common/a.yaml": true, "shared/users.yaml": true, "shared/tickets.yaml": true,
		"shared/users.txt": false, "other/a.yaml": false} {
		file := mapOf(fsys)[name]
		before := file.Data
		file.Data = append(before[:len(before):len(before)], "\n# changed\n"...)
		if now, err := seed.Digest(fsys, o.Sets); err != nil || (now != base) != counted {
			t.Errorf("%s: the digest has changed: %t, %v", name, now != base, err)
		}
		file.Data = before
	}
}

// A file that cannot be read ends the load.
func TestUnreadable(t *testing.T) {
	fsys := unreadable{mapOf(files("dev/a.yaml", "include: ../shared/b.yaml\n", "shared/b.yaml", ""))}
	_, err := seed.Load(t.Context(), options(t, noDatabase(t), fsys))
	if fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), "out of order") {
		t.Errorf("got %v", err)
	}
}

type unreadable struct{ fstest.MapFS }

func (u unreadable) ReadFile(name string) ([]byte, error) {
	if strings.HasPrefix(name, "shared") {
		return nil, errors.New("out of order")
	}
	return u.MapFS.ReadFile(name)
}
