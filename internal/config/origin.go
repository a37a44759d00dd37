package config

import "fmt"

// Source is the layer that a value came from.
type Source string

// The layers, strongest last.
const (
	FromDefault  Source = "default"
	FromFile     Source = "file"
	FromVariable Source = "variable"
	FromFlag     Source = "flag"
)

// Origin is where a value came from. File and Line are set for a file and for a variable of .env, Name
// for a variable and a flag.
type Origin struct {
	Source Source `json:"source"`
	Name   string `json:"name,omitempty"`
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
}

// String returns krowoc.yaml:12, KROWOC_DATABASE_URL, KROWOC_DATABASE_URL (.env:3), --address or default.
func (o Origin) String() string {
	switch {
	case o.Source == FromDefault:
		return string(FromDefault)
	case o.Source == FromFile:
		return fmt.Sprintf("%s:%d", o.File, o.Line)
	case o.File != "":
		return fmt.Sprintf("%s (%s:%d)", o.Name, o.File, o.Line)
	}
	return o.Name
}

// Origin returns where the value of a key came from, or an item of a list of objects: auth.issuers[0].
func (c *Config) Origin(key string) Origin { return c.origins[key] }

// item is the name of an item of a list of objects.
func item(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }
