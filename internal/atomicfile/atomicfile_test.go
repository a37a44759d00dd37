package atomicfile

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestReadersSeeWholeFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "env")
	text := bytes.Repeat([]byte("export A=1\n"), 1000)
	if err := Write(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		var err error
		for n := 0; n < 500 && err == nil; n++ {
			err = Write(path, text, 0o600)
		}
		done <- err
	}()
	for {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			return
		default:
		}
		if got, err := os.ReadFile(path); err != nil || len(got) != len(text) {
			t.Fatalf("read %d of %d bytes, %v", len(got), len(text), err)
		}
	}
}

func TestModeAndLinksStay(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "krowoc.yaml"), filepath.Join(dir, "link")
	if err := os.WriteFile(path, []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path, link); err != nil {
		t.Skip(err)
	}
	if err := Write(link, []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	info, errStat := os.Lstat(path)
	if err != nil || errStat != nil || string(text) != "new" || info.Mode() != 0o640 {
		t.Fatalf("%q %v %v %v", text, info.Mode(), err, errStat)
	}
}

func TestFailureLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "taken")
	if err := os.MkdirAll(filepath.Join(path, "child"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, []byte("text"), 0o600); err == nil {
		t.Fatal("replaced a folder")
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 1 {
		t.Fatalf("%v %v", list, err)
	}
}
