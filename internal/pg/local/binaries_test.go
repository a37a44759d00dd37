//go:build unix

package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/fault"
)

// install makes a folder that looks like an installed Postgres.
func install(t *testing.T, dir, version string) {
	t.Helper()
	for _, name := range []string{"initdb", "postgres"} {
		write(t, filepath.Join(dir, name), "#!/bin/sh\necho '"+name+" (PostgreSQL) "+version+" (Test)'\n", 0o755)
	}
}

// finding returns a search that sees nothing but a PATH and the folders below usual.
func finding(t *testing.T, o Options, made int, path ...string) *starting {
	t.Helper()
	account, err := serverAccount()
	if err != nil {
		t.Fatal(err)
	}
	o.CacheDir = folder(t)
	o.Env = func(name string) string {
		if name == "PATH" {
			return strings.Join(path, string(os.PathListSeparator))
		}
		return ""
	}
	if o.Ephemeral = true; o.validate() != nil {
		t.Fatal(o.validate())
	}
	s := newStarting(o, account)
	if err := s.prepareCache(); err != nil {
		t.Fatal(err)
	}
	s.data = &dataFolder{path: "/the/data", major: made}
	s.folders, s.fetchers = nil, []fetcher{{
		name:    "the shop",
		release: func(int) string { return "release" },
		fetch:   func(context.Context, *starting, string, string) error { return errors.New("closed") },
	}}
	return s
}

func TestFindBinaries(t *testing.T) {
	t.Parallel()
	base := folder(t)
	at := func(parts ...string) string { return filepath.Join(append([]string{base}, parts...)...) }
	install(t, at("usual", "14", "bin"), "14.12")
	install(t, at("usual", "16", "bin"), "16.3")
	install(t, at("usual", "19", "bin"), "19beta1")
	install(t, at("cellar", "17"), "17.5")
	install(t, at("config"), "15.9")
	install(t, at("path16"), "16.9")
	write(t, at("broken", "postgres"), "#!/bin/sh\nexit 1\n", 0o755)
	write(t, at("broken", "initdb"), "#!/bin/sh\n", 0o755)
	write(t, at("client", "postgres"), "#!/bin/sh\necho 'postgres (PostgreSQL) 18.1'\n", 0o755) // no initdb
	write(t, at("conf", "pg_config"), "#!/bin/sh\n[ \"$1\" = --bindir ] && echo '"+at("config")+"'\n", 0o755)
	if err := os.Mkdir(at("links"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(at("cellar", "17", "postgres"), at("links", "postgres")); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		path  []string
		usual bool
		major int // asked for
		made  int // what made the data
		want  string
	}{
		"usual folders, the newest supported": {usual: true, want: "usual/16/bin"},
		"usual folders, as asked":             {usual: true, major: 14, want: "usual/14/bin"},
		"the major that made the data":        {usual: true, made: 14, want: "usual/14/bin"},
		"a link on PATH":                      {usual: true, path: []string{at("links")}, want: "cellar/17"},
		"PATH before folders of one major":    {usual: true, path: []string{at("path16")}, want: "path16"},
		"pg_config":                           {path: []string{at("conf")}, want: "config"},
		"what is broken is passed by":         {path: []string{at("broken"), at("client"), at("path16")}, want: "path16"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := finding(t, Options{Major: tc.major}, tc.made, tc.path...)
			if tc.usual {
				s.folders = []string{at("usual", "*", "bin")}
			}
			if err := s.findBinaries(t.Context()); err != nil {
				t.Fatal(err)
			}
			if want := at(filepath.FromSlash(tc.want)); s.bin.dir != want {
				t.Errorf("found %s, want %s", s.bin.dir, want)
			}
		})
	}
}

func TestBinariesThatWillNotDo(t *testing.T) {
	t.Parallel()
	base := folder(t)
	install(t, filepath.Join(base, "15"), "15.9")
	install(t, filepath.Join(base, "13"), "13.1")
	for name, tc := range map[string]struct {
		bin, path   string
		major, made int
		code        fault.Code
		says        []string
	}{
		"none at all":            {code: fault.Unavailable, says: []string{"PostgreSQL 14 to 18 is not installed", "the shop: ", "closed", "install"}},
		"another than asked for": {path: "15", major: 16, code: fault.Unavailable, says: []string{"PostgreSQL 16 is not installed", "only 15.9", "closed"}},
		"another made the data":  {path: "15", made: 14, code: fault.Conflict, says: []string{"/the/data was created by PostgreSQL 14", "only 15.9", "move the folder away"}},
		"the data is not asked for": {path: "15", major: 15, made: 14, code: fault.Conflict,
			says: []string{"/the/data", "created by PostgreSQL 14, but PostgreSQL 15 is configured", "configure PostgreSQL 14"}},
		"a named one that is too old":   {bin: "13", code: fault.Invalid, says: []string{"PostgreSQL 13 is not supported"}},
		"a named one that is not there": {bin: "99", code: fault.Invalid, says: []string{"99", "no such file", "contains initdb and postgres"}},
		"a named one of another major":  {bin: "15", made: 14, code: fault.Conflict, says: []string{"it is PostgreSQL 15, but PostgreSQL 14 is needed"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := Options{Major: tc.major}
			if tc.bin != "" {
				o.Bin = filepath.Join(base, tc.bin)
			}
			s := finding(t, o, tc.made, filepath.Join(base, tc.path))
			wantFault(t, s.findBinaries(t.Context()), tc.code, tc.says...)
		})
	}
}

func TestInstallCommand(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		goos, osRelease string
		major           int
		want            string
	}{
		{"darwin", "", 0, fmt.Sprintf("brew install postgresql@%d", NewestMajor)},
		{"windows", "", 16, "winget install PostgreSQL.PostgreSQL.16"},
		{"linux", "ID=debian\n", 0, "sudo apt-get install postgresql"},
		{"linux", "NAME=x\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", 15, "sudo apt-get install postgresql-15"},
		{"linux", "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"", 0, "sudo dnf install postgresql-server"},
		{"linux", "ID=alpine", 17, "sudo apk add postgresql17"},
		{"linux", "ID=plan9", 0, ""},
	} {
		if got := installCommand(tc.goos, tc.osRelease, tc.major); got != tc.want {
			t.Errorf("installCommand(%q, %q, %d) = %q, want %q", tc.goos, tc.osRelease, tc.major, got, tc.want)
		}
	}
}

func TestOptionsAreValidated(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		o    Options
		code fault.Code
		says string
	}{
		"no Env":     {Options{DataDir: "x"}, fault.Internal, "Env"},
		"no DataDir": {Options{Env: os.Getenv}, fault.Internal, "DataDir"},
		"both":       {Options{Env: os.Getenv, DataDir: "x", Ephemeral: true}, fault.Internal, "Ephemeral"},
		"too old":    {Options{Env: os.Getenv, DataDir: "x", Major: 13}, fault.Invalid, "from 14 to 18"},
	} {
		_, err := Start(t.Context(), tc.o)
		t.Run(name, func(t *testing.T) { wantFault(t, err, tc.code, tc.says) })
	}
}
