package config

import (
	"slices"
	"strings"
	"unicode"
)

// Kind is the type of a key's value.
type Kind string

// The kinds.
const (
	Text       Kind = "string"
	SecretText Kind = "secret"
	Int        Kind = "integer"
	Bool       Kind = "true or false"
	Duration   Kind = "duration"
	Size       Kind = "size"
	Ratio      Kind = "number from 0 to 1"
	Address    Kind = "address"
	HTTPURL    Kind = "URL"
	List       Kind = "list of strings"
	Objects    Kind = "list of objects"
)

// Key is one key of krowoc.yaml.
type Key struct {
	Path      string // dotted: database.maxConnections
	Kind      Kind
	Doc       string // a sentence for the reference page and for editors
	Default   string // as written in krowoc.yaml; the items of a list are separated by commas
	DefaultIn in     // defaults of environments that differ
	OneOf     []string
	Pattern   string // regular expression that a string must match
	Min, Max  int    // of an integer
	Items     []Key  // of Objects
	Required  bool   // within Items
	Switch    bool   // of a Bool: its name in the place of its section sets it

	// Standard are variables of OpenTelemetry that set the key if nothing else does, the strongest first.
	Standard []string
}

// Variable returns the environment variable that sets the key, or "" if none can.
func (k Key) Variable() string {
	if k.Kind == Objects {
		return ""
	}
	var b strings.Builder
	b.WriteString("KROWOC_")
	before := '_'
	for _, r := range k.Path {
		switch {
		case r == '.':
			r = '_'
		case unicode.IsUpper(r) && unicode.IsLower(before):
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToUpper(r))
		before = r
	}
	return b.String()
}

// DefaultFor returns the default in an environment, as written in krowoc.yaml.
func (k Key) DefaultFor(environment string) string {
	if d, ok := k.DefaultIn[environment]; ok {
		return d
	}
	return k.Default
}

// lookup finds a key by its dotted path.
func lookup(table []Key, path string) (Key, bool) {
	i := slices.IndexFunc(table, func(k Key) bool { return k.Path == path })
	if i < 0 {
		return Key{}, false
	}
	return table[i], true
}

// children returns the names directly under a dotted prefix ("" is the top level), in the table's order.
func children(table []Key, prefix string) []string {
	var names []string
	for _, k := range table {
		rest := k.Path
		if prefix != "" {
			var ok bool
			if rest, ok = strings.CutPrefix(k.Path, prefix+"."); !ok {
				continue
			}
		}
		name, _, _ := strings.Cut(rest, ".")
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
