package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/viper"

	"github.com/krowoc/krowoc/internal/diag"
)

// setting is the value of one key in one layer.
type setting struct {
	value  any
	origin Origin
	lines  []int // of the items of a list of objects
}

// layer is the settings from one source, by dotted key.
type layer map[string]setting

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
		out[k.Path] = setting{value: value, origin: Origin{Source: FromDefault}}
	}
	return out
}

// sessionVariables are set by a development session for the programs that it starts, which may include krowoc.
var sessionVariables = []string{"KROWOC_URL", "KROWOC_CONSOLE_URL", "KROWOC_AUTH_URL"}

func (l *loader) fromVariables() layer {
	out, known := layer{}, append([]string{EnvironmentVariable}, sessionVariables...)
	for _, k := range keys {
		name := k.Variable()
		if name == "" {
			continue
		}
		known = append(known, name)
		text, _ := l.variable(name)
		if text == "" {
			continue // as in other tools, an empty variable counts as unset
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

// warnUnknown warns about KROWOC_* variables that are probably misspelled.
func (l *loader) warnUnknown(known []string) {
	names := slices.Concat(slices.Collect(maps.Keys(l.variables)), slices.Collect(maps.Keys(l.dotenv)))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		value, _ := l.variable(name)
		if !strings.HasPrefix(name, "KROWOC_") || value == "" || slices.Contains(known, name) {
			continue
		}
		if s := diag.Suggest(name, known); s != "" && !slices.Contains(sessionVariables, s) {
			l.mistakes = append(l.mistakes, diag.Diagnostic{Severity: diag.Warning, Code: "unknown-variable",
				Position: diag.Position{File: name}, Message: "this variable has no effect", Remedy: fmt.Sprintf("did you mean %q?", s)})
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
	to[k.Path] = setting{value: value, origin: origin}
}

// merge combines the layers, of which later ones override earlier ones, and records where each value came from.
func merge(layers []layer) (*Config, error) {
	c := &Config{origins: map[string]Origin{}}
	v := viper.New()
	for _, l := range layers {
		for path, s := range l {
			v.Set(path, s.value)
			c.origins[path] = s.origin
			for i, line := range s.lines {
				c.origins[item(path, i)] = Origin{Source: FromFile, File: s.origin.File, Line: line}
			}
		}
	}
	if err := v.UnmarshalExact(c); err != nil {
		return nil, err
	}
	return c, nil
}
