package migrate

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/atomicfile"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// SumFile is the file in the folder of migrations that contains a checksum of each. A folder without it is not checked.
const SumFile = "krowoc.sum"

// Sums are the checksums of migrations by file name.
type Sums map[string]string

const sumHeader = "# A checksum of the SQL of each migration. `krowoc migrate hash` writes it.\n"

// sumOf returns the checksum of statements without comments and white space.
func sumOf(sql []string) string {
	h := sha256.New()
	for _, s := range sql {
		fmt.Fprintf(h, "%s\x00", strings.TrimRight(sqltext.Normalise(s), "; "))
	}
	return "h1:" + base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// sum returns the checksum of a file: of both sections and of NO TRANSACTION.
func (f *file) sum() string {
	all := []string{fmt.Sprint(f.script.noTransaction)}
	for _, s := range f.script.up {
		all = append(all, s.text)
	}
	all = append(all, "down")
	for _, s := range f.script.down {
		all = append(all, s.text)
	}
	return sumOf(all)
}

// ReadSums reads the checksums of a folder. They are nil if it has no SumFile.
func ReadSums(fsys fs.FS) (Sums, error) {
	const op = "read " + SumFile
	text, err := fs.ReadFile(fsys, SumFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, fileFault(op, err)
	}
	sums := Sums{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, sum, ok := strings.Cut(line, " ")
		if _, twice := sums[name]; !ok || twice || !strings.HasPrefix(sum, "h1:") {
			return nil, fault.New(fault.Invalid, op, fmt.Sprintf("line %d is not a file name and a checksum: %s", n, line),
				"after a merge, check the order of the migrations of both sides, then regenerate the file with `krowoc migrate hash`")
		}
		sums[name] = sum
	}
	return sums, lines.Err()
}

// Hash computes the checksums of all migrations of a folder. dir is its name in errors.
func Hash(fsys fs.FS, dir string) (Sums, error) {
	m := &Migrator{Options{FS: fsys, Dir: dir}.withDefaults()}
	files, err := readFolder(fsys, dir, m.o.Logger)
	if err != nil {
		return nil, err
	}
	files = slices.DeleteFunc(files, func(f *file) bool { return f.inGo })
	if err := load(fsys, dir, files); err != nil {
		return nil, err
	}
	sums := Sums{}
	for _, f := range files {
		sums[f.name] = f.sum()
	}
	return sums, nil
}

// Write replaces the SumFile of a folder atomically.
func (s Sums) Write(dir string) error {
	const op = "write " + SumFile
	var out bytes.Buffer
	out.WriteString(sumHeader)
	names := make([]string, 0, len(s))
	for name := range s {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintln(&out, name, s[name])
	}
	if err := atomicfile.Write(filepath.Join(dir, SumFile), out.Bytes(), 0o644); err != nil {
		return fileFault(op, err)
	}
	return nil
}

// checkSums compares the files to apply with their checksums. They must be unchanged, unless this run records their checksums.
func (m *Migrator) checkSums(p plan) error {
	sums, err := ReadSums(m.o.FS)
	if sums == nil || err != nil || m.o.RecordSums != nil {
		return err
	}
	var unknown []string
	for _, step := range p {
		if step.direction == Up && sums[step.file.name] != step.file.sum() {
			unknown = append(unknown, step.file.name)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	return fault.New(fault.Conflict, "compare the migrations with "+path.Join(m.o.Dir, SumFile), "new or changed since the checksums were recorded: "+strings.Join(unknown, ", "),
		"review the changes, then record them with `krowoc migrate hash`")
}

// recordSums records the checksums of the files that a run has applied, if Options.RecordSums is set and the folder has a SumFile.
func (m *Migrator) recordSums(results []Result, p plan) error {
	if m.o.RecordSums == nil {
		return nil
	}
	sums, err := ReadSums(m.o.FS)
	if sums == nil || err != nil {
		return err
	}
	fresh := false
	for i, r := range results {
		if r.Direction == Up && sums[r.File] != p[i].file.sum() {
			sums[r.File], fresh = p[i].file.sum(), true
		}
	}
	if !fresh {
		return nil
	}
	return m.o.RecordSums(sums)
}
