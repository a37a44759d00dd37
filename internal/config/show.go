package config

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Settings returns every key with its printable value and its origin, in the order of the table: secrets are masked, durations
// and sizes have their units.
func (c *Config) Settings() []Setting {
	out := make([]Setting, 0, len(keys))
	for _, k := range keys {
		out = append(out, Setting{Key: k.Path, Value: shown(c.value(k.Path)), Origin: c.origins[k.Path]})
	}
	return out
}

// value returns the field of a dotted key; names match case-insensitively, as when the struct was filled.
func (c *Config) value(path string) any {
	at := reflect.ValueOf(*c)
	for name := range strings.SplitSeq(path, ".") {
		at = at.FieldByNameFunc(func(field string) bool { return strings.EqualFold(field, name) })
	}
	return at.Interface()
}

func shown(value any) any {
	switch v := value.(type) {
	case Secret:
		return v.String()
	case ByteSize:
		return v.String()
	case time.Duration:
		return v.String()
	case []URL:
		items := make([]map[string]any, 0, len(v))
		for _, u := range v {
			items = append(items, map[string]any{"name": u.Name, "url": NewSecret(u.URL).String(), "critical": u.Critical})
		}
		return items
	}
	return value
}

// Text returns the value on one line, the items of a list separated by commas.
func (s Setting) Text() string {
	switch v := s.Value.(type) {
	case []string:
		return strings.Join(v, ",")
	case []map[string]any:
		items := make([]string, 0, len(v))
		for _, item := range v {
			items = append(items, fmt.Sprintf("%v=%v", item["name"], item["url"]))
		}
		return strings.Join(items, ",")
	}
	return fmt.Sprint(s.Value)
}
