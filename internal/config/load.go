package config

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/viper"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
)

// EnvironmentVariable chooses the environment where no flag does.
const EnvironmentVariable = "KROWOC_ENV"

// dotenvFile is read beside krowoc.yaml, in development only.
const dotenvFile = ".env"

// Flag is a value that the command line gave for a key.
type Flag struct{ Key, Name, Value string } // Name as typed: --address

// Options say where to look.
type Options struct {
	Dir         string   // where the search for krowoc.yaml starts
	Environment string   // from --env; empty leaves the choice to KROWOC_ENV, then development
	Flags       []Flag   // the flags that were given
	Environ     []string // the process's environment, NAME=value
}

// Load finds and reads the configuration. A mistake in krowoc.yaml, .env, a KROWOC_* variable or a flag
// is a diag.List with all of them, wrapped in a fault of code invalid.
func Load(o Options) (*Config, error) {
	file, err := Find(o.Dir)
	if err != nil {
		return nil, err
	}
	text, err := read(file)
	if err != nil {
		return nil, err
	}
	l := &loader{options: o, root: filepath.Dir(file), variables: environ(o.Environ), reader: newReader(FileName, text)}
	c, err := l.load()
	if err != nil {
		return nil, err
	}
	c.File, c.Root = file, l.root
	if c.origins["project"].Source == FromDefault {
		c.Project = filepath.Base(l.root)
	}
	return c, nil
}

// loader holds the state of one Load.
type loader struct {
	options     Options
	root        string
	reader      *reader
	variables   map[string]string         // the process's environment
	dotenv      map[string]dotenvVariable // .env, in development
	environment string
	mistakes    diag.List
}

func environ(list []string) map[string]string {
	m := make(map[string]string, len(list))
	for _, entry := range list {
		if name, value, ok := strings.Cut(entry, "="); ok {
			m[name] = value
		}
	}
	return m
}

func (l *loader) load() (*Config, error) {
	const op = "read the configuration"
	doc, ok := l.reader.parse()
	if !ok {
		return nil, l.reader.mistakes.Err(op)
	}
	if err := l.chooseEnvironment(doc); err != nil {
		return nil, err
	}
	if err := l.readDotenv(); err != nil {
		return nil, err
	}
	l.reader.lookup = l.variable
	layers := []layer{l.defaults(), l.reader.base(doc), l.reader.block(doc, l.environment), l.fromVariables(), l.fromFlags()}
	mistakes := slices.Concat(l.reader.mistakes, l.mistakes)
	mistakes.Sort()
	if err := mistakes.Err(op); err != nil {
		return nil, err
	}
	c, err := merge(layers)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	c.Environment, c.Warnings = l.environment, mistakes
	return c, nil
}

func (l *loader) chooseEnvironment(doc document) error {
	name, from := l.options.Environment, "--env"
	if name == "" {
		name, from = l.variables[EnvironmentVariable], EnvironmentVariable
	}
	if name == "" {
		name = Development
	}
	known := []string{Development, Test, Production}
	for _, declared := range doc.names {
		if !slices.Contains(known, declared) {
			known = append(known, declared)
		}
	}
	if !slices.Contains(known, name) {
		hint := "the environments are " + strings.Join(known, ", ") + "; declare another below environments: in " + FileName
		if s := diag.Suggest(name, known); s != "" {
			hint = fmt.Sprintf("did you mean %q?", s)
		}
		return fault.New(fault.Invalid, "choose the environment", fmt.Sprintf("%s names %q, which does not exist", from, name), hint)
	}
	l.environment = name
	return nil
}

func (l *loader) readDotenv() error {
	if l.environment != Development {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(l.root, dotenvFile))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return &fault.Error{Code: fault.Invalid, Op: "read " + dotenvFile, Err: err, Hint: "it must be a file that you may read"}
	}
	var mistakes diag.List
	l.dotenv, mistakes = parseDotenv(dotenvFile, string(text))
	l.mistakes = append(l.mistakes, mistakes...)
	return nil
}

// variable looks a name up in the process's environment, then in .env.
func (l *loader) variable(name string) (string, bool) {
	if value, ok := l.variables[name]; ok {
		return value, true
	}
	v, ok := l.dotenv[name]
	return v.value, ok
}

func (l *loader) defaults() layer {
	out := layer{}
	for _, k := range keys {
		text := k.DefaultFor(l.environment)
		var value any = text
		switch k.Kind {
		case Objects:
			value = []map[string]any{}
		case SecretText:
			value = NewSecret(text)
		default:
			if text != "" {
				value, _ = k.parse(text) // a test parses every default
			}
		}
		out[k.Path] = setting{value, Origin{Source: FromDefault}}
	}
	return out
}

func (l *loader) fromVariables() layer {
	out, known := layer{}, []string{EnvironmentVariable}
	for _, k := range keys {
		name := k.Variable()
		if name == "" {
			continue
		}
		known = append(known, name)
		text, _ := l.variable(name)
		if text == "" {
			continue // as in other tools, an empty variable is one that is not set
		}
		origin := Origin{Source: FromVariable, Name: name}
		if _, process := l.variables[name]; !process {
			origin.File, origin.Line = dotenvFile, l.dotenv[name].line
		}
		l.add(out, k, text, origin)
	}
	l.warnUnknown(known)
	return out
}

// warnUnknown remarks on a KROWOC_* variable that is nearly one that exists.
func (l *loader) warnUnknown(known []string) {
	names := slices.Concat(slices.Collect(maps.Keys(l.variables)), slices.Collect(maps.Keys(l.dotenv)))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		value, _ := l.variable(name)
		if !strings.HasPrefix(name, "KROWOC_") || value == "" || slices.Contains(known, name) {
			continue
		}
		if s := diag.Suggest(name, known); s != "" {
			l.mistakes = append(l.mistakes, diag.Diagnostic{Severity: diag.Warning, Code: "unknown-variable",
				Position: diag.Position{File: name}, Message: "this variable has no effect", Remedy: fmt.Sprintf("did you mean %s?", s)})
		}
	}
}

func (l *loader) fromFlags() layer {
	out := layer{}
	for _, f := range l.options.Flags {
		if k, ok := lookup(keys, f.Key); ok {
			l.add(out, k, f.Value, Origin{Source: FromFlag, Name: f.Name})
		}
	}
	return out
}

func (l *loader) add(to layer, k Key, text string, origin Origin) {
	value, err := k.parse(text)
	if err != nil {
		l.mistakes = append(l.mistakes, k.mistake(origin, asBadValue(err)))
		return
	}
	to[k.Path] = setting{value, origin}
}

// merge lays the layers over one another, the last on top, and remembers where each value came from.
func merge(layers []layer) (*Config, error) {
	c := &Config{origins: map[string]Origin{}}
	v := viper.New()
	for _, l := range layers {
		for path, s := range l {
			v.Set(path, s.value)
			c.origins[path] = s.origin
		}
	}
	if err := v.UnmarshalExact(c); err != nil {
		return nil, err
	}
	return c, nil
}
