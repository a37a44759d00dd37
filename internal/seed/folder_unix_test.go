//go:build unix

package seed_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
)

// seedsWithLinks makes a seeds folder whose links lead to places within and outside of it.
func seedsWithLinks(t *testing.T) string {
	t.Helper()
	top := t.TempDir()
	seeds := filepath.Join(top, "seeds")
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"secret.txt": "secret", "hidden/secret.txt": "secret", "hidden/a.yaml": "users:\n  eve: {email: eve@example.com, name: secret}\n",
		"seeds/files/ok.txt": "fine", "seeds/dev/ok.txt": "fine"} {
		must(os.MkdirAll(filepath.Dir(filepath.Join(top, name)), 0o755))
		must(os.WriteFile(filepath.Join(top, name), []byte(text), 0o600))
	}
	for link, to := range map[string]string{"dev/link.txt": "../../secret.txt", "dev/absolute.txt": filepath.Join(top, "secret.txt"), "dev/folder": "../../hidden",
		"dev/chain.txt": "link.txt", "dev/inside.txt": "../files/ok.txt", "dev/insidefolder": "../files", "outset": "../hidden", "dev/around.txt": "../../seeds/dev/ok.txt"} {
		must(os.Symlink(to, filepath.Join(seeds, link)))
	}
	must(syscall.Mkfifo(filepath.Join(seeds, "dev/pipe"), 0o600))
	return seeds
}

// {{ file }} reads files of the seeds folder only, whatever leads out of it.
func TestFilesStayInTheFolder(t *testing.T) {
	seeds := seedsWithLinks(t)
	for name, want := range map[string]string{
		"ok.txt": "", "inside.txt": "", "insidefolder/ok.txt": "", "../files/ok.txt": "", "./ok.txt": "",
		"link.txt": "leads outside", "absolute.txt": "leads outside", "folder/secret.txt": "leads outside", "chain.txt": "leads outside", "around.txt": "leads outside",
		"../../secret.txt": "lies outside", "../dev/../../secret.txt": "lies outside", "/etc/passwd": "lies outside", filepath.Dir(seeds) + "/secret.txt": "lies outside",
		"pipe": "is not a file", "../files": "is not a file", "none.txt": "there is no file",
	} {
		t.Run(strings.ReplaceAll(name, "/", "_"), func(t *testing.T) {
			text := "users:\n  ada:\n    email: ada@example.com\n    name: Ada\n    bio: '{{ file \"" + name + "\" }}'\n"
			if err := os.WriteFile(filepath.Join(seeds, "dev/users.yaml"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			o := options(t, nil, seed.Folder(seeds))
			o.Dir = "seeds"
			err := seed.Check(t.Context(), o)
			switch {
			case want == "" && err != nil:
				t.Error(explain(err))
			case want == "":
			case err == nil || !strings.Contains(explain(err), want) || !strings.Contains(explain(err), "seeds/dev/users.yaml:5:10:") || strings.Contains(explain(err), "secret\n"):
				t.Errorf("%s: %s", name, explain(err))
			}
		})
	}
}

// Fixtures, included files and sets stay in the folder, too.
func TestFixturesStayInTheFolder(t *testing.T) {
	for _, c := range []struct{ name, fixture, link, set, want string }{
		{"a fixture", "", "dev/out.yaml", "dev", `seeds/dev/out.yaml: error: "out.yaml" leads outside the seeds folder`},
		{"an included file", "include: [out/a.yaml]\n", "dev/out", "dev", `seeds/dev/b.yaml:1:11: error: "out/a.yaml" leads outside`},
		{"an included pattern", "include: ['../shared/*.yaml']\n", "shared/a.yaml", "dev", `seeds/dev/b.yaml:1:11: error: "../shared/*.yaml" leads outside`},
		{"an included pattern below a link", "include: ['out/*.yaml']\n", "dev/out", "dev", `seeds/dev/b.yaml:1:11: error: "out/*.yaml" leads outside`},
		{"a set", "", "", "outset", "seeds/outset leads outside the seeds folder"},
	} {
		t.Run(c.name, func(t *testing.T) {
			seeds := seedsWithLinks(t)
			to := filepath.Join(filepath.Dir(seeds), "hidden")
			if strings.HasSuffix(c.link, ".yaml") {
				to = filepath.Join(to, "a.yaml")
			}
			if c.link != "" {
				_ = os.MkdirAll(filepath.Dir(filepath.Join(seeds, c.link)), 0o755)
				if err := os.Symlink(to, filepath.Join(seeds, c.link)); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(filepath.Join(seeds, "dev/b.yaml"), []byte(c.fixture), 0o600); err != nil {
				t.Fatal(err)
			}
			o := options(t, nil, seed.Folder(seeds))
			o.Sets, o.Dir = []string{c.set}, "seeds"
			if err := seed.Check(t.Context(), o); err == nil || !strings.Contains(explain(err), c.want) || strings.Contains(explain(err), "secret") {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// The folder itself can be a link, and a load from it works as from any file system.
func TestLinkedFolder(t *testing.T) {
	seeds := seedsWithLinks(t)
	link := filepath.Join(t.TempDir(), "seeds")
	if err := os.Symlink(seeds, link); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(seeds, "dev/a.yaml"), []byte("users:\n  ada: {email: ada@example.com, name: Ada, bio: '{{ file \"inside.txt\" }}'}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	pool := database(t)
	must(t)(seed.Load(t.Context(), options(t, pool, seed.Folder(link))))
	if got := testkit.Value(t, pool, "SELECT bio FROM users"); got != "fine" {
		t.Error(got)
	}
}
