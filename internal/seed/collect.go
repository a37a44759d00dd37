package seed

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/seed/node"
)

// extensions are the extensions of seed files.
var extensions = []string{".yaml", ".yml", ".csv", ".sql"}

// Digest returns a hash of the content of sets: the names and contents of their files and of the files that they include, extend or embed.
// If lookup is not nil, it includes the environment variables that they mention. Equal digests mean that the fixtures have not changed.
func Digest(fsys fs.FS, sets []string, lookup func(name string) (string, bool)) (string, error) {
	c, err := collect(fsys, "", sets)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	add := func(name string, text []byte) {
		fmt.Fprintf(sum, "%s\x00%d\x00", name, len(text))
		sum.Write(text)
	}
	for _, s := range c.sources {
		add(s.name, s.text)
		for _, name := range s.embedded() {
			if text, err := fs.ReadFile(fsys, name); err == nil { // the load reports an unreadable file
				add(name, text)
			}
		}
		if lookup == nil {
			continue
		}
		for _, name := range s.variables() {
			value, _ := lookup(name)
			add("$"+name, []byte(value))
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// collector finds the files of sets, and those that they extend and include, each one once.
type collector struct {
	fsys     fs.FS
	dir      string // name of fsys in messages
	sets     map[string]bool
	files    map[string]bool
	sources  []*source
	mistakes diag.List // in extends and include
}

// bundle is the files of one set.
type bundle struct {
	name    string
	sources []*source
	extends []mention
}

// mention is a name in extends or include, with its position.
type mention struct {
	key    string
	source *source
	node   *yaml.Node
}

// collect reads the files of sets, in the order of the sets and then by name. An extended set comes before the set that extends it, and an
// included file before the file that includes it.
func collect(fsys fs.FS, dir string, sets []string) (*collector, error) {
	c := &collector{fsys: fsys, dir: dir, sets: map[string]bool{}, files: map[string]bool{}}
	named := map[string]bool{}
	for _, set := range sets {
		if !fs.ValidPath(set) || set == "." || named[set] {
			return nil, fault.New(fault.Invalid, op, fmt.Sprintf("%q cannot be a set, or is named twice", set),
				"Name each folder below the seeds folder once, like common or dev.")
		}
		named[set] = true
		if info, err := fs.Stat(fsys, set); err != nil || !info.IsDir() {
			return nil, missingSet(fsys, path.Join(dir, set), err)
		}
	}
	for _, set := range sets {
		if err := c.set(set); err != nil {
			return nil, &fault.Error{Code: fault.Invalid, Op: op, Hint: "Make the files readable.", Err: err}
		}
	}
	return c, nil
}

// set adds the files of a set, after those of the sets that it extends.
func (c *collector) set(name string) error {
	if c.sets[name] {
		return nil
	}
	c.sets[name] = true
	own := bundle{name: name}
	err := fs.WalkDir(c.fsys, name, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !isFixture(name, entry) {
			return err
		}
		return c.file(name, &own)
	})
	if err != nil {
		return err
	}
	for _, m := range own.extends {
		if err := c.extend(m); err != nil {
			return err
		}
	}
	c.sources = append(c.sources, own.sources...)
	return nil
}

// file adds a file, after those that it includes.
func (c *collector) file(name string, own *bundle) error {
	if c.files[name] {
		return nil
	}
	c.files[name] = true
	text, err := fs.ReadFile(c.fsys, name)
	if leadsOutside(err) {
		c.mistakes = append(c.mistakes, newSource(path.Join(c.dir, name), nil).at(nil, outside(path.Base(name))))
		return nil
	}
	if err != nil {
		return err
	}
	s := newSource(path.Join(c.dir, name), text)
	s.path, s.set = name, own.name
	for _, m := range s.mentions() {
		if m.key == "extends" {
			own.extends = append(own.extends, m)
		} else if err := c.include(m, own); err != nil {
			return err
		}
	}
	own.sources = append(own.sources, s)
	return nil
}

func (c *collector) report(m mention, p *problem) {
	c.mistakes = append(c.mistakes, m.source.at(m.node, p))
}

// extend adds the set that a file extends.
func (c *collector) extend(m mention) error {
	name := m.node.Value
	if !fs.ValidPath(name) || name == "." || !isDir(c.fsys, name) {
		c.report(m, wrong("unknown-set", didYouMean(name, setsOf(c.fsys)), "there is no set %q", node.Clip(name)))
		return nil
	}
	return c.set(name)
}

// include adds the files that a file includes: one, or those that a pattern matches.
func (c *collector) include(m mention, own *bundle) error {
	pattern := path.Join(path.Dir(m.source.path), m.node.Value)
	if !fs.ValidPath(pattern) || path.IsAbs(m.node.Value) {
		c.report(m, wrong("outside", "move it into the seeds folder", "%q lies outside the seeds folder", node.Clip(m.node.Value)))
		return nil
	}
	if _, err := path.Match(pattern, ""); err != nil {
		c.report(m, wrong("bad-pattern", "write a name, or a pattern such as ../shared/*.yaml", "%q is not a valid pattern", node.Clip(m.node.Value)))
		return nil //nolint:nilerr // it is reported with the other mistakes
	}
	names, err := fs.Glob(c.fsys, pattern)
	if err != nil {
		return err
	}
	found := false
	for _, name := range names {
		info, err := fs.Stat(c.fsys, name)
		if leadsOutside(err) {
			c.report(m, outside(node.Clip(m.node.Value)))
			return nil
		}
		if err != nil || !isFixture(name, fs.FileInfoToDirEntry(info)) {
			continue
		}
		found = true
		if err := c.file(name, own); err != nil {
			return err
		}
	}
	if !found {
		c.report(m, c.notIncluded(m, pattern, names))
	}
	return nil
}

// notIncluded returns why nothing was included.
func (c *collector) notIncluded(m mention, pattern string, names []string) *problem {
	if len(names) > 0 {
		return wrong("no-fixture", "fixtures end in "+strings.Join(extensions, ", ")+"; a folder is included as folder/*.yaml",
			"%q is not a fixture file", node.Clip(m.node.Value))
	}
	for _, name := range []string{pattern, path.Dir(pattern)} {
		if _, err := fs.Stat(c.fsys, name); leadsOutside(err) {
			return outside(node.Clip(m.node.Value))
		}
	}
	var near []string
	entries, _ := fs.ReadDir(c.fsys, path.Dir(pattern)) // the message also works without the list
	for _, e := range entries {
		if isFixture(e.Name(), e) {
			near = append(near, path.Join(path.Dir(m.node.Value), e.Name()))
		}
	}
	return wrong("unknown-file", didYouMean(m.node.Value, near), "there is no file %q next to this one", node.Clip(m.node.Value))
}

func isFixture(name string, entry fs.DirEntry) bool {
	return !entry.IsDir() && slices.Contains(extensions, path.Ext(name)) && !strings.HasPrefix(entry.Name(), ".")
}

func isDir(fsys fs.FS, name string) bool {
	info, err := fs.Stat(fsys, name)
	return err == nil && info.IsDir()
}

// setsOf returns the folders that can be sets.
func setsOf(fsys fs.FS) []string {
	var sets []string
	entries, _ := fs.ReadDir(fsys, ".") // the list is only for messages
	for _, e := range entries {
		if e.IsDir() {
			sets = append(sets, e.Name())
		}
	}
	return sets
}

// missingSet returns the error for a missing set, with the existing sets.
func missingSet(fsys fs.FS, folder string, err error) error {
	if leadsOutside(err) {
		return fault.New(fault.Invalid, op, folder+" leads outside the seeds folder through a symbolic link", "Copy the set into the seeds folder; links within it must be relative.")
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.Wrap(op, err)
	}
	hint := "Create the folder, or name the sets to load in krowoc.yaml (seeds.sets)."
	if sets := setsOf(fsys); len(sets) > 0 {
		hint += " Existing folders: " + strings.Join(sets, ", ") + "."
	}
	return &fault.Error{Code: fault.NotFound, Op: op, Message: "there is no folder " + folder, Hint: hint, Err: err}
}
