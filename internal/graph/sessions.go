package graph

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/schema/scalar"
)

// The root fields about the sessions of browsers. They are not rows of the schema: no rule speaks of them, and each is for the person who asks.
const (
	MySessions       = "mySessions"
	EndSession       = "endSession"
	EndOtherSessions = "endOtherSessions"
)

// sessionType is the type of MySessions.
const sessionType = "MySession"

// maxSessions is how many sessions are listed.
const maxSessions = 100

// Session is where a person is logged in.
type Session struct {
	ID        string
	Method    string // password, otp, or the name of a provider
	Address   string
	UserAgent string
	Started   time.Time
	Seen      time.Time
	Current   bool // it makes the request
}

// SessionField is a root field about the sessions of the caller.
type SessionField struct {
	Name   string // MySessions, EndSession or EndOtherSessions
	id     input
	fields []selected
}

// String describes the field.
func (f *SessionField) String() string { return f.Name + " of the caller" }

// ID is the session that EndSession ends.
func (f *SessionField) ID(vars map[string]any) string {
	text, _ := plainText(f.id.read(vars))
	return text
}

// JSON returns the value of a field that lists sessions.
func (f *SessionField) JSON(list []Session) (out []byte, err error) {
	out = append(out, '[')
	for i, s := range list[:min(len(list), maxSessions)] {
		if i > 0 {
			out = append(out, ',')
		}
		if out, err = f.write(out, s); err != nil {
			return nil, err
		}
	}
	return append(out, ']'), nil
}

// One returns the value of EndSession.
func (f *SessionField) One(s Session) ([]byte, error) { return f.write(nil, s) }

// write appends the JSON of a session.
func (f *SessionField) write(out []byte, s Session) ([]byte, error) {
	out = append(out, '{')
	for i, field := range f.fields {
		value, err := json.Marshal(s.value(field.Name))
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = fmt.Appendf(out, "%q:%s", field.Alias, value)
	}
	return append(out, '}'), nil
}

// value returns a field as JSON has it.
func (s Session) value(name string) any {
	switch name {
	case "id":
		return s.ID
	case "method":
		return s.Method
	case "address":
		return s.Address
	case "userAgent":
		return s.UserAgent
	case "startedAt":
		return dateTime(s.Started)
	case "seenAt":
		return dateTime(s.Seen)
	case "current":
		return s.Current
	}
	return sessionType // __typename
}

func dateTime(t time.Time) string {
	text, _ := scalar.FormatDateTime(t) // the times of sessions are of our age
	return text
}

// sessionField plans a root field about sessions; nil if f is another one.
func (b *builder) sessionField(f selected) (*SessionField, error) {
	if !b.api.options.Sessions || !slices.Contains([]string{MySessions, EndSession, EndOtherSessions}, f.Name) {
		return nil, nil
	}
	b.callerUse.UID = true
	field, rows := &SessionField{Name: f.Name}, pageSize{number: maxSessions, most: maxSessions}
	if f.Name == EndSession {
		id, ok := b.argument(f.Field, "id")
		if !ok {
			return nil, invalid("the argument id is missing", "")
		}
		field.id, rows = id.input, pageSize{}
	}
	var err error
	field.fields, err = b.collect(f.selections...)
	b.plan.Cost.child(rows).fields = len(field.fields)
	return field, err
}

// endsAlone refuses a mutation that ends sessions and does something else: the parts could not take effect together.
func (p *Plan) endsAlone() error {
	ends := slices.IndexFunc(p.Fields, func(r Root) bool { return r.Session != nil })
	fields := slices.DeleteFunc(slices.Clone(p.Fields), func(r Root) bool { return r.Value != nil })
	if ends < 0 || len(fields) == 1 {
		return nil
	}
	return p.Fields[ends].Location.Wrap(invalid(p.Fields[ends].Session.Name+" must be the only field of its mutation", "send an operation for each"))
}

// sessionQuery prints the field of Query.
func (p *sdlPrinter) sessionQuery() {
	p.describe("  ", "Where the caller is logged in with a browser, the latest log-in first.")
	p.line("  %s: [%s!]!", MySessions, sessionType)
}

// sessionMutation prints the fields of Mutation.
func (p *sdlPrinter) sessionMutation() {
	p.describe("  ", "Ends a session of the caller on all servers, and returns it.")
	p.line("  %s(id: ID!): %s!", EndSession, sessionType)
	p.describe("  ", "Ends all sessions of the caller but the one that asks, and returns them.")
	p.line("  %s: [%s!]!", EndOtherSessions, sessionType)
}

// session prints the type.
func (p *sdlPrinter) session() {
	p.describe("", "A browser in which a person is logged in.")
	p.line("type %s {", sessionType)
	for _, f := range [][2]string{
		{"id: ID!", ""},
		{"method: String!", "How the person has logged in: password, otp, or the name of a provider."},
		{"address: String!", "The network address at the log-in."},
		{"userAgent: String!", "The browser, as it calls itself."},
		{"startedAt: DateTime!", ""},
		{"seenAt: DateTime!", "When it was last used, within a minute."},
		{"current: Boolean!", "Whether this session asks."},
	} {
		p.describe("  ", f[1])
		p.line("  %s", f[0])
	}
	p.line("}\n")
}

// checkSessionNames refuses a schema whose types have the names of the API for sessions.
func (a *API) checkSessionNames() error {
	if !a.options.Sessions {
		return nil
	}
	taken := ""
	for _, o := range a.objects {
		if o.typ.APIName() == sessionType || o.single == MySessions || o.plural == MySessions {
			taken = o.typ.APIName()
		}
	}
	if a.model.Enum(sessionType) != nil {
		taken = sessionType
	}
	if taken == "" {
		return nil
	}
	return fault.New(fault.Invalid, "derive the API", taken+" is a name of the API for the sessions of browsers, "+MySessions+" and "+sessionType,
		"rename the type in the schema, or remove auth.session.keys from krowoc.yaml")
}
