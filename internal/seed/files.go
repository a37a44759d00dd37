package seed

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
)

// source is one fixture file, or a part of one.
type source struct {
	name  string // as messages show it: seeds/dev/users.yaml
	set   string // that it belongs to
	text  []byte // of the whole file
	body  []byte // of the part that is parsed
	shift int    // what to add to a line of the body to have the line of the file
}

func newSource(name, set string, text []byte) *source {
	return &source{name: name, set: set, text: text, body: text}
}

// Digest returns a hash of everything in the sets: their names, their files' names and contents. Equal
// digests mean that the fixtures have not changed.
func Digest(fsys fs.FS, sets []string) (string, error) {
	sources, err := readFiles(fsys, "", sets)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, s := range sources {
		fmt.Fprintf(sum, "%s\x00%d\x00", s.name, len(s.text))
		sum.Write(s.text)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// readFiles reads every .yaml and .yml file of the sets, in the order of the sets and then by name.
func readFiles(fsys fs.FS, dir string, sets []string) ([]*source, error) {
	var sources []*source
	seen := map[string]bool{}
	for _, set := range sets {
		if !fs.ValidPath(set) || set == "." || seen[set] {
			return nil, fault.New(fault.Invalid, op, fmt.Sprintf("%q cannot be a set, or is named twice", set),
				"Name each folder below the seeds folder once, like common or dev.")
		}
		seen[set] = true
		if info, err := fs.Stat(fsys, set); err != nil || !info.IsDir() {
			return nil, missingSet(fsys, path.Join(dir, set), err)
		}
		err := fs.WalkDir(fsys, set, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || !isFixture(name, entry) {
				return err
			}
			text, err := fs.ReadFile(fsys, name)
			sources = append(sources, newSource(path.Join(dir, name), set, text))
			return err
		})
		if err != nil {
			return nil, &fault.Error{Code: fault.Invalid, Op: op, Hint: "Make the files readable.", Err: err}
		}
	}
	return sources, nil
}

func isFixture(name string, entry fs.DirEntry) bool {
	ext := path.Ext(name)
	return !entry.IsDir() && (ext == ".yaml" || ext == ".yml") && !strings.HasPrefix(entry.Name(), ".")
}

// missingSet explains that the folder of a set is not there, and which are.
func missingSet(fsys fs.FS, folder string, err error) error {
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.Wrap(op, err)
	}
	hint := "Create the folder, or name the sets to load in krowoc.yaml (seeds.sets)."
	var sets []string
	entries, _ := fs.ReadDir(fsys, ".") // without the list, the message still stands
	for _, e := range entries {
		if e.IsDir() {
			sets = append(sets, e.Name())
		}
	}
	if len(sets) > 0 {
		hint += " There are: " + strings.Join(sets, ", ") + "."
	}
	return &fault.Error{Code: fault.NotFound, Op: op, Message: "there is no folder " + folder, Hint: hint, Err: err}
}

// line returns the text of a line of the file, counted from 1.
func (s *source) line(n int) string {
	rest := s.text
	for ; n > 1; n-- {
		_, after, found := bytes.Cut(rest, []byte("\n"))
		if !found {
			return ""
		}
		rest = after
	}
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	return strings.TrimSuffix(string(line), "\r")
}

// at places a problem at a node of the file.
func (s *source) at(n *yaml.Node, p *problem) diag.Diagnostic {
	d := diag.Diagnostic{Severity: diag.Error, Code: p.code, Message: p.message, Remedy: p.remedy,
		Position: diag.Position{File: s.name}}
	if p.node != nil {
		n = p.node
	}
	if n == nil || n.Line == 0 {
		return d
	}
	d.Line, d.Column, d.Source = n.Line+s.shift, n.Column, s.line(n.Line+s.shift)
	if n.Kind == yaml.ScalarNode {
		d.Width = utf8.RuneCountInString(n.Value)
		if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
			d.Width += 2
		}
	}
	return d
}

// problem is a mistake before it has a place: the node that is read, unless node names one within it.
type problem struct {
	code, message, remedy string
	node                  *yaml.Node
}

func (p *problem) Error() string { return p.message }

// wrong returns a problem; the message is a format.
func wrong(code, remedy, format string, args ...any) *problem {
	return &problem{code: code, message: fmt.Sprintf(format, args...), remedy: remedy}
}

// didYouMean returns a remedy that names the nearest candidate, or lists them all when none is near.
func didYouMean(word string, candidates []string) string {
	if near := diag.Suggest(word, candidates); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if len(candidates) == 0 {
		return ""
	}
	const most = 12
	if len(candidates) > most {
		candidates = append(candidates[:most:most], "…")
	}
	return "there are: " + strings.Join(candidates, ", ")
}
