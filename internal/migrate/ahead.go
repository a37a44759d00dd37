package migrate

import "log/slog"

// ahead reads the files of a folder and computes their checksums while the database is asked, which takes about as long. Only what is compared
// with the database comes from it: files that are about to run are read under the lock.
type ahead struct {
	done  chan struct{}
	files map[string]readFile
}

// readFile is a file with its checksum. Files with mistakes are left to those who report them.
type readFile struct {
	file *file
	sum  string
}

// readAhead begins to read the folder of the migrator. The caller waits for it.
func (m *Migrator) readAhead() *ahead {
	a := &ahead{done: make(chan struct{}), files: map[string]readFile{}}
	go func() {
		defer close(a.done)
		files, err := readFolder(m.o.FS, m.o.Dir, slog.New(slog.DiscardHandler))
		if err != nil {
			return // the run itself reads the folder, and reports it
		}
		for _, f := range files {
			if m.read(f) == nil && f.script != nil {
				a.files[f.name] = readFile{f, f.sum()}
			}
		}
	}()
	return a
}

// wait waits until no file is being read.
func (a *ahead) wait() { <-a.done }

// into fills in a file and returns its checksum, if it has been read.
func (a *ahead) into(f *file) (sum string, ok bool) {
	a.wait()
	r, ok := a.files[f.name]
	if ok {
		f.text, f.script = r.file.text, r.file.script
	}
	return r.sum, ok
}
