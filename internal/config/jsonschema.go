package config

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"
)

// object is a JSON object.
type object = map[string]any

// JSONSchema returns the JSON Schema (draft 2020-12) of krowoc.yaml, built from the table of keys.
func JSONSchema() []byte {
	settings := object{}
	for _, k := range keys {
		place(settings, strings.Split(k.Path, "."), k.jsonSchema())
		if k.Switch {
			allowName(settings, strings.Split(k.Path, "."))
		}
	}
	top := object{}
	for name := range settings {
		top[name] = object{"$ref": "#/$defs/settings/properties/" + name}
	}
	block := object{"oneOf": []any{object{"$ref": "#/$defs/settings"}, object{"type": "null"}}}
	top[environmentsKey] = object{
		"description":          "Settings per environment; development, test and production always exist.",
		"type":                 []string{"object", "null"},
		"properties":           object{Development: block, Test: block, Production: block},
		"additionalProperties": block,
	}
	schema := object{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"title":   "krowoc.yaml",
		"type":    []string{"object", "null"}, "properties": top, "additionalProperties": false,
		"$defs": object{"settings": object{"type": "object", "properties": settings, "additionalProperties": false}},
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	_ = e.Encode(schema) // maps, lists and strings always encode
	return b.Bytes()
}

// place puts the schema of a key under its sections.
func place(properties object, path []string, schema object) {
	if len(path) == 1 {
		properties[path[0]] = schema
		return
	}
	section, ok := properties[path[0]].(object)
	if !ok {
		section = object{"type": []string{"object", "null"}, "properties": object{}, "additionalProperties": false}
		properties[path[0]] = section
	}
	place(section["properties"].(object), path[1:], schema)
}

// allowName allows the name of a switch in the place of its section.
func allowName(properties object, path []string) {
	section := properties[path[0]].(object)
	if len(path) > 2 {
		allowName(section["properties"].(object), path[1:])
		return
	}
	section["type"], section["pattern"] = []string{"object", "null", "string"}, "^"+path[1]+"$"
}

// reference matches a string with ${…}, whose value may be of any kind.
var reference = object{"type": "string", "pattern": `\$[{$]`}

// jsonSchema returns the schema of one key's value.
func (k Key) jsonSchema() object {
	s := object{"description": k.Doc}
	switch k.Kind {
	case Int:
		maps.Copy(s, oneOf(k.intSchema()))
	case Bool:
		maps.Copy(s, oneOf(object{"type": "boolean"}))
	case Ratio:
		maps.Copy(s, oneOf(object{"type": "number", "minimum": 0, "maximum": 1}))
	case Size:
		maps.Copy(s, oneOf(object{"type": "integer", "minimum": 0}, object{"type": "string", "pattern": `^[0-9]+ *([KMG]iB|[kKMG]B|B)?$`}))
	case Duration:
		maps.Copy(s, oneOf(object{"type": "string", "pattern": `^\+?(0|([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+$`}))
	case List:
		maps.Copy(s, oneOf(object{"type": "array", "items": object{"type": "string", "minLength": 1}}))
	case Objects:
		properties, required := object{}, []string{}
		for _, item := range k.Items {
			properties[item.Path] = item.jsonSchema()
			if item.Required {
				required = append(required, item.Path)
			}
		}
		s["type"] = "array"
		s["items"] = object{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
	default:
		maps.Copy(s, k.textSchema())
	}
	return s
}

func (k Key) intSchema() object {
	if len(k.OneOf) == 0 {
		return object{"type": "integer", "minimum": k.Min, "maximum": k.Max}
	}
	numbers := make([]json.Number, len(k.OneOf))
	for i, n := range k.OneOf {
		numbers[i] = json.Number(n)
	}
	return object{"enum": numbers}
}

func (k Key) textSchema() object {
	switch {
	case len(k.OneOf) > 0:
		return oneOf(object{"enum": k.OneOf})
	case k.Pattern != "":
		return oneOf(object{"type": "string", "pattern": k.Pattern})
	case k.Kind == Text:
		return object{"type": "string", "minLength": 1}
	}
	return object{"type": "string"}
}

// oneOf allows one of the forms, or a string with ${…}.
func oneOf(forms ...any) object { return object{"anyOf": append(forms, reference)} }
