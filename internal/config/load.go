package config

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
)

// EnvironmentVariable chooses the environment when --env does not.
const EnvironmentVariable = "KROWOC_ENV"

// dotenvFile is in the folder of krowoc.yaml and is read in development only.
const dotenvFile = ".env"

// Flag is a value for a key from the command line.
type Flag struct{ Key, Name, Value string } // Name as typed: --address

// Options are the sources of the configuration.
type Options struct {
	Dir         string   // where the search for krowoc.yaml starts
	Environment string   // from --env; if empty, KROWOC_ENV, or Fallback
	Fallback    string   // the environment if neither is set; empty is development
	Flags       []Flag   // the flags that were given
	Environ     []string // the process's environment, NAME=value
}

// Load finds and reads the configuration. Mistakes in krowoc.yaml, .env, KROWOC_* variables and flags are returned together as a
// diag.List, wrapped in a fault of code invalid.
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
	flags, variables, standard := l.fromFlags(), l.fromVariables(), l.fromStandard()
	block := l.reader.block(doc, l.environment, variables, flags)
	base := l.reader.base(doc, block, variables, flags)
	mistakes := slices.Concat(l.reader.mistakes, l.mistakes)
	mistakes.Sort()
	if err := mistakes.Err(op); err != nil {
		return nil, err
	}
	c, err := merge([]layer{l.defaults(), standard, base, block, variables, flags})
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	c.Environment, c.Warnings, c.ProtectedDatabases = l.environment, mistakes, l.protectedDatabases(doc)
	c.LogsBrowsersIn = c.Auth.Session.Keys.Reveal() != "" || anyEnvironment(doc, "auth", "session", "keys")
	return c, nil
}

func (l *loader) chooseEnvironment(doc document) error {
	name, from := l.options.Environment, "--env"
	if name == "" {
		name, from = l.variables[EnvironmentVariable], EnvironmentVariable
	}
	if name == "" {
		name = cmp.Or(l.options.Fallback, Development)
	}
	known := slices.Clone(builtIn)
	for _, declared := range doc.names {
		if !slices.Contains(known, declared) {
			known = append(known, declared)
		}
	}
	if !slices.Contains(known, name) {
		hint := "use one of " + strings.Join(known, ", ") + ", or add the environment under environments: in " + FileName
		if s := diag.Suggest(name, known); s != "" {
			hint = fmt.Sprintf("did you mean %q?", s)
		}
		return fault.New(fault.Invalid, "choose the environment", fmt.Sprintf("unknown environment %q in %s", name, from), hint)
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
		return &fault.Error{Code: fault.Invalid, Op: "read " + dotenvFile, Err: err, Hint: "it must be a readable file"}
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
