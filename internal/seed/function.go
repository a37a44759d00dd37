package seed

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/template"
	"time"

	"golang.org/x/crypto/bcrypt"

	maker "github.com/krowoc/krowoc/internal/seed/make"

	"github.com/krowoc/krowoc/internal/seed/node"
)

// templates is the state that the templates of a load share.
type templates struct {
	fsys      fs.FS
	lookupEnv func(string) (string, bool)
	now       time.Time
	seed      uint64
	hashes    sync.Map // bcrypt hashes by text, since bcrypt is deliberately slow
}

func (o *Options) templates(now time.Time) *templates {
	return &templates{fsys: o.FS, lookupEnv: o.LookupEnv, now: now, seed: o.RandomSeed}
}

// moment is a time in a template, or a day.
type moment struct {
	time.Time
	day bool
}

// String returns the moment in the format of fixtures.
func (m moment) String() string {
	if m.day {
		return m.Format(time.DateOnly)
	}
	return m.Format(time.RFC3339Nano)
}

// functionNames are the names of functions for suggestions.
var functionNames = slices.Sorted(maps.Keys(new(expansion).functions("", 0)))

var fakeNames = maker.FakeNames()

// functions returns the functions that a template can call.
func (x *expansion) functions(text string, position int) template.FuncMap {
	all := template.FuncMap{
		"now":    x.now,
		"today":  x.today,
		"minus":  func(span string, at any) (moment, error) { return x.shift(at, span, -1) },
		"plus":   func(span string, at any) (moment, error) { return x.shift(at, span, 1) },
		"format": x.format,
		"env":    x.env,
		"file":   x.file,
		"fake":   func() map[string]string { return x.fakes(text, position) },
		"uuid":   func(name string) string { return stableID(name) },
		"base64": func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) },
		"sha256": func(text string) string {
			sum := sha256.Sum256([]byte(text))
			return hex.EncodeToString(sum[:])
		},
		"bcrypt": x.bcrypt,
	}
	maps.Copy(all, maker.TextFuncs)
	return all
}

func (x *expansion) now() moment {
	x.volatile = true
	return moment{Time: x.reader.templates.now.UTC()}
}

func (x *expansion) today() moment {
	x.volatile = true
	year, month, day := x.reader.templates.now.UTC().Date()
	return moment{time.Date(year, month, day, 0, 0, 0, 0, time.UTC), true}
}

// moment converts the argument of a time function: a moment, or a text such as 2026-01-31.
func (x *expansion) moment(at any) (moment, error) {
	switch at := at.(type) {
	case moment:
		return at, nil
	case string:
		if t, ok := parseTime(at); ok {
			return moment{t.UTC(), len(at) <= len(time.DateOnly)}, nil
		}
	}
	return moment{}, wrong("bad-template", "write now, today, or a text such as \"2026-01-31\"", "a time is expected, found %q", node.Clip(fmt.Sprint(at)))
}

// shift adds a span to a time. A day that is shifted by hours becomes a time.
func (x *expansion) shift(at any, span string, sign time.Duration) (moment, error) {
	m, err := x.moment(at)
	if err != nil {
		return m, err
	}
	by, ok := maker.ParseSpan(span)
	if !ok {
		return m, wrong("bad-template", "write a duration such as 3d, 90m, 1h30m, 2w or 1y", "%q is not a duration", node.Clip(span))
	}
	return moment{m.Add(sign * by), m.day && by%(24*time.Hour) == 0}, nil
}

func (x *expansion) format(layout string, at any) (string, error) {
	m, err := x.moment(at)
	return m.Format(layout), err
}

// env returns an environment variable, or the default.
func (x *expansion) env(name string, fallback ...string) (string, error) {
	if lookup := x.reader.templates.lookupEnv; lookup != nil {
		if value, ok := lookup(name); ok {
			return value, nil
		}
	}
	if len(fallback) > 0 {
		return fallback[0], nil
	}
	return "", wrong("missing-variable", fmt.Sprintf("set it, or give a default: {{ env %q \"…\" }}", node.Clip(name)),
		"the environment variable %s is not set", node.Clip(name))
}

// maxFile is the maximum size of a file in a template.
const maxFile = 8 << 20

// file returns the content of a file in the seeds folder. The name is relative to the fixture.
func (x *expansion) file(name string) (string, error) {
	full := path.Join(path.Dir(x.reader.source.path), name)
	if !fs.ValidPath(full) || path.IsAbs(name) {
		return "", wrong("outside", "move it into the seeds folder", "%q lies outside the seeds folder", node.Clip(name))
	}
	info, err := fs.Stat(x.reader.templates.fsys, full)
	if err == nil && !info.Mode().IsRegular() { // opening a pipe would wait for its writer
		return "", wrong("unknown-file", "write the name of a file", "%q is not a file", node.Clip(name))
	}
	f, err := x.reader.templates.fsys.Open(full)
	switch {
	case leadsOutside(err):
		return "", outside(node.Clip(name))
	case err != nil:
		return "", wrong("unknown-file", didYouMean(name, x.reader.templates.beside(full, name)), "there is no file %q next to this one", node.Clip(name))
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return "", wrong("unknown-file", "", "%q cannot be read", node.Clip(name))
	case len(text) > maxFile:
		return "", wrong("too-large", "", "%q is larger than %d MB", node.Clip(name), maxFile>>20)
	}
	return string(text), nil
}

// beside returns the files in the folder of a file, written like the name of that file.
func (t *templates) beside(full, name string) []string {
	var names []string
	entries, _ := fs.ReadDir(t.fsys, path.Dir(full)) // without the list, the message still stands
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, path.Join(path.Dir(name), e.Name()))
		}
	}
	return names
}

// bcrypt hashes a password. Every hash is different, so an existing row keeps its hash.
func (x *expansion) bcrypt(password string) (string, error) {
	x.volatile = true
	if known, ok := x.reader.templates.hashes.Load(password); ok {
		return known.(string), nil
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost)
	if err != nil {
		return "", wrong("bad-template", "", "%s", strings.TrimPrefix(err.Error(), "bcrypt: "))
	}
	known, _ := x.reader.templates.hashes.LoadOrStore(password, string(hash))
	return known.(string), nil
}

var fakeName = regexp.MustCompile(`\bfake\.([a-zA-Z0-9]+)`)

// fakes returns the fake values that the template uses.
func (x *expansion) fakes(text string, position int) map[string]string {
	made := map[string]string{}
	for _, m := range fakeName.FindAllStringSubmatch(text, -1) {
		place := append(x.place[:len(x.place):len(x.place)], strconv.Itoa(position), m[1])
		if fake, ok := maker.Fake(m[1], x.reader.templates.seed, place...); ok {
			made[m[1]] = fake
		}
	}
	return made
}

// embeddedFile matches a file name in a template. Quotes are doubled in CSV, and escaped with a backslash in quoted YAML.
var embeddedFile = regexp.MustCompile("\\bfile\\s+[\\\\\"`]+([^\\\\\"`\n]+)[\\\\\"`]")

var mentionedVariable = regexp.MustCompile("\\benv\\s+[\\\\\"`]+(\\w+)[\\\\\"`]")

// variables returns the environment variables that templates of a fixture mention.
func (s *source) variables() (names []string) {
	if bytes.Contains(s.text, []byte("{{")) {
		for _, m := range mentionedVariable.FindAllSubmatch(s.text, -1) {
			names = append(names, string(m[1]))
		}
	}
	return names
}

// embedded returns the files that templates of a fixture may embed.
func (s *source) embedded() []string {
	var names []string
	if !bytes.Contains(s.text, []byte("{{")) {
		return nil
	}
	for _, m := range embeddedFile.FindAllSubmatch(s.text, -1) {
		if name := path.Join(path.Dir(s.path), string(m[1])); fs.ValidPath(name) {
			names = append(names, name)
		}
	}
	return names
}
