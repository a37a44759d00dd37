// Package factory gives commands what they need when they need it: nothing is read before a command asks,
// so that --help and version work anywhere.
package factory

import (
	"log/slog"
	"path/filepath"
	"strings"
	"sync"

	"github.com/spf13/pflag"

	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/config"
)

// Build says which krowoc this is.
type Build struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Date    string `json:"date,omitempty"` // of the commit, RFC 3339
}

// Factory is what every command's constructor gets.
type Factory struct {
	Term    *term.Terminal
	Build   Build
	Dir     string // the working directory
	Environ Environ

	env, dir string // --env and -C
	bound    []binding
	config   func() (*config.Config, error)
}

// Environ is the environment of a process, as NAME=value.
type Environ []string

// Lookup returns the value of a variable and whether it is set, like os.LookupEnv.
func (e Environ) Lookup(name string) (value string, set bool) {
	for _, entry := range e {
		if v, ok := strings.CutPrefix(entry, name+"="); ok {
			value, set = v, true // the last one counts
		}
	}
	return value, set
}

// binding is a flag that sets a key of the configuration.
type binding struct {
	flag *pflag.Flag
	key  string
}

// New returns a factory that has read nothing yet.
func New(t *term.Terminal, build Build, dir string, environ Environ) *Factory {
	f := &Factory{Term: t, Build: build, Dir: dir, Environ: environ}
	f.config = sync.OnceValues(f.load)
	return f
}

// GlobalFlags adds the flags that every command has.
func (f *Factory) GlobalFlags(flags *pflag.FlagSet) {
	flags.StringVar(&f.env, "env", "", "`name` of the environment: development, test, production or another of krowoc.yaml (default development)")
	flags.StringVarP(&f.dir, "dir", "C", "", "run as if started in `folder`")
	f.Output(flags)
	flags.String("log-level", "", "`level` of the log: debug, info, warn or error")
	f.Bind(flags.Lookup("log-level"), "log.level")
}

// DefaultEnvironment names the environment of a command where --env does not, whatever KROWOC_ENV says.
func (f *Factory) DefaultEnvironment(name string) {
	if f.env == "" {
		f.env = name
	}
}

// Bind makes a flag, where it is given, set a key of the configuration.
func (f *Factory) Bind(flag *pflag.Flag, key string) { f.bound = append(f.bound, binding{flag, key}) }

// Config returns the configuration, read at the first call, which also shows its warnings. What is wrong
// with it is a *UsageError.
func (f *Factory) Config() (*config.Config, error) { return f.config() }

func (f *Factory) load() (*config.Config, error) {
	o := config.Options{Dir: f.WorkDir(), Environment: f.env, Environ: f.Environ}
	for _, b := range f.bound {
		if b.flag.Changed {
			o.Flags = append(o.Flags, config.Flag{Key: b.key, Name: "--" + b.flag.Name, Value: b.flag.Value.String()})
		}
	}
	c, err := config.Load(o)
	if err != nil {
		return nil, &UsageError{err}
	}
	f.Term.Warnings(c.Warnings)
	return c, nil
}

// Getenv returns a variable of the process's environment, "" when it is not set.
func (f *Factory) Getenv(name string) string {
	value, _ := f.Environ.Lookup(name)
	return value
}

// WorkDir returns the folder that the command works in: the working directory, or what -C says.
func (f *Factory) WorkDir() string {
	if filepath.IsAbs(f.dir) {
		return f.dir
	}
	return filepath.Join(f.Dir, f.dir)
}

// LogLevel returns the least severe level that is logged.
func (f *Factory) LogLevel() (slog.Level, error) {
	c, err := f.Config()
	if err != nil {
		return 0, err
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Log.Level)); err != nil {
		return 0, &UsageError{err}
	}
	return level, nil
}

// Logger returns the log on standard error, at the level and in the form that the configuration says.
func (f *Factory) Logger() (*slog.Logger, error) {
	level, err := f.LogLevel()
	if err != nil {
		return nil, err
	}
	c, err := f.Config()
	if err != nil {
		return nil, err
	}
	o := &slog.HandlerOptions{Level: level}
	if c.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(f.Term.Err, o)), nil
	}
	return slog.New(slog.NewTextHandler(f.Term.Err, o)), nil
}
