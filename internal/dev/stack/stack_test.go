package stack

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/krowoc/krowoc/internal/fault"
)

func TestRememberedValuesStay(t *testing.T) {
	t.Parallel()
	s := New(Options{StateDir: filepath.Join(t.TempDir(), "state")})
	made := 0
	fresh := func() (string, error) { made++; return "s3cret", nil }
	for range 2 {
		if got, err := s.remember("password", fresh); got != "s3cret" || err != nil {
			t.Errorf("%q %v", got, err)
		}
	}
	if made != 1 {
		t.Errorf("it was made %d times", made)
	}
	if info, err := os.Stat(filepath.Join(s.StateDir, "password")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %v %v", info, err)
	}
}

func TestRememberNeedsItsFolder(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	s := New(Options{StateDir: file})
	if got, err := s.remember("password", func() (string, error) { return "s3cret", nil }); err == nil || got != "" {
		t.Errorf("%q %v", got, err)
	}
}

func TestRememberedPortIsANumber(t *testing.T) {
	t.Parallel()
	s := New(Options{StateDir: t.TempDir()})
	if err := os.WriteFile(filepath.Join(s.StateDir, "port"), []byte("none\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.rememberPort(t.Context(), "port"); fault.CodeOf(err) != fault.Invalid {
		t.Error(err)
	}
}

func TestImages(t *testing.T) {
	t.Parallel()
	s := New(Options{
		Engine: Docker, Postgres: Postgres{Engine: "auto", Image: "postgis/postgis"}, Redis: Redis{Enabled: true, Engine: "native", Image: "redis:8"},
		Services: []Service{{Name: "b", Image: "minio"}, {Name: "a", Image: "minio"}},
	})
	if got := s.Images(true); !slices.Equal(got, []string{"minio", "postgis/postgis"}) {
		t.Error(got)
	}
	if got := s.Images(false); !slices.Equal(got, []string{"minio"}) {
		t.Error("with a database of somebody else's:", got)
	}
}
