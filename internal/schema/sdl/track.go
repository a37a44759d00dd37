package sdl

import (
	"regexp"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/schema"
)

// eventName is how PostHog suggests to name events.
var eventName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,99}$`)

// Names that the server gives to events and properties of its own.
var (
	ownEvents     = []string{"api_request", "login", "error", "prompt_execution"}
	ownProperties = []string{"count", "environment", "release", "operation", "request_id", "correlation_id", "distinct_id", "token"}
)

// maxProperties is half of how many arguments a function of Postgres takes.
const maxProperties = 50

// track reads @track on a type.
func (b *builder) track(t *typeDecl, u *use) {
	track := schema.Track{Event: u.text("event"), Pos: b.position(u.Position)}
	switch v := u.args["event"]; {
	case !eventName.MatchString(track.Event):
		b.errorf(codeInvalidTrack, v.Position, `write it in snake_case, as in "prompt_created"`, "%q is not a name of an event: at most 100 lower-case letters, digits and _", track.Event)
	case slices.Contains(ownEvents, track.Event):
		b.errorf(codeInvalidTrack, v.Position, "choose another name", "the server has an event %q of its own", track.Event)
	}
	for _, v := range u.items("on") {
		op := schema.Operation(v.Raw)
		if slices.Contains(track.On, op) {
			b.errorf(codeInvalidTrack, v.Position, "remove one of them", "%s is listed twice", op)
			continue
		}
		track.On = append(track.On, op)
	}
	if len(track.On) == 0 {
		b.errorf(codeInvalidTrack, u.position("on"), "write on: [CREATE]", "\"on\" is empty")
	}
	for _, v := range u.items("properties") {
		if f := b.property(t, v); f != nil {
			if slices.Contains(track.Fields, f) {
				b.errorf(codeInvalidTrack, v.Position, "remove one of them", "%q is listed twice", f.Name)
			}
			track.Fields = append(track.Fields, f)
		}
	}
	if len(track.Fields) > maxProperties {
		b.errorf(codeInvalidTrack, u.position("properties"), "list fewer", "an event can have at most %d properties; it has %d", maxProperties, len(track.Fields))
	}
	t.Tracks = append(t.Tracks, track)
}

// property returns the field that a property of an event names, or nil after reporting.
func (b *builder) property(t *typeDecl, v *ast.Value) *schema.Field {
	f := b.fieldNamed(t, v)
	if f == nil || f.broken {
		return nil
	}
	wrong := func(fix, format string, args ...any) *schema.Field {
		b.errorf(codeInvalidTrack, v.Position, fix, format, args...)
		return nil
	}
	switch {
	case len(f.Columns()) != 1:
		return wrong("name a field with one column", "%q has no single column in this table", f.Name)
	case personal(f.Field):
		return wrong("remove it, or write @pii(kind: NONE) if it is not personal data", "%q is personal data (@pii), which no event contains", f.Name)
	case f.Auth && len(f.Rules) == 0:
		return wrong("remove it, or give the field a rule", "nobody may read %q through the API, so no event contains it", f.Name)
	case f.Type.Scalar == schema.Bytes, f.Type.Scalar == schema.Vector:
		return wrong("remove it", "%q has type %s, which no event contains", f.Name, f.Type)
	case slices.Contains(ownProperties, f.Name):
		return wrong("remove it", "events have a property %q of their own", f.Name)
	}
	return f.Field
}

// personal reports whether the value of a field is personal data: of a reference, the key that it holds.
func personal(f *schema.Field) bool {
	if f.Personal() || f.Relation == nil {
		return f.Personal()
	}
	return slices.ContainsFunc(f.Type.Object.Key, personal)
}
