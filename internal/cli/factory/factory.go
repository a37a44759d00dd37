// Package factory creates what commands need, such as the configuration and the log, when a command first asks for it.
// --help and version therefore read no file and work in any folder.
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

// Build identifies the krowoc binary.
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
	fallback string // the environment where neither --env nor KROWOC_ENV names one; "" is development
	bound    []binding
	config   func() (*config.Config, error)

	announced sync.Map // lines about databases
	logFile   *logFile // nil unless the command logs to a file
}

// Environ is the environment of a process as NAME=value entries.
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
	flags.StringVar(&f.env, "env", "", "use the environment with this `name`: development, test, production or another of krowoc.yaml (default development; production for serve)")
	flags.StringVarP(&f.dir, "dir", "C", "", "run as if started in `folder`; example: -C services/api")
	f.Output(flags)
	flags.String("log-level", "", "log messages of this `level` and above: debug, info, warn or error (default info)")
	f.Bind(flags.Lookup("log-level"), "log.level")
}

// DefaultEnvironment sets the environment of a command that is run without --env. It overrides KROWOC_ENV.
func (f *Factory) DefaultEnvironment(name string) {
	if f.env == "" {
		f.env = name
	}
}

// FallbackEnvironment names the environment of a command where neither --env nor KROWOC_ENV does.
func (f *Factory) FallbackEnvironment(name string) { f.fallback = name }

// Bind makes a flag, when it is given, override a key of the configuration.
func (f *Factory) Bind(flag *pflag.Flag, key string) { f.bound = append(f.bound, binding{flag, key}) }

// Config returns the configuration. The first call reads it and shows its warnings. An invalid configuration is a
// *UsageError.
func (f *Factory) Config() (*config.Config, error) { return f.config() }

func (f *Factory) load() (*config.Config, error) {
	o := config.Options{Dir: f.WorkDir(), Environment: f.env, Fallback: f.fallback, Environ: f.Environ}
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

// WorkDir returns the folder that the command works in: the working directory, or the value of -C.
func (f *Factory) WorkDir() string {
	if filepath.IsAbs(f.dir) {
		return f.dir
	}
	return filepath.Join(f.Dir, f.dir)
}

// LogLevel returns the lowest level that is logged.
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

// Logger returns the log, with the configured level: on standard error in the configured format, or as JSON in the file of LogToFile.
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
	if f.logFile != nil {
		return slog.New(slog.NewJSONHandler(f.logFile, o)), nil
	}
	if c.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(f.Term.Err, o)), nil
	}
	return slog.New(slog.NewTextHandler(f.Term.Err, o)), nil
}
