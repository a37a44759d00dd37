package analytics

import (
	"context"
	"net/http"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/request"
)

// AnonymousPrefix begins the IDs that browsers make up for people who are not logged in. Without it, such an ID could be the ID of a user.
const AnonymousPrefix = "anon_"

// Consent is when events may tell who a person is.
type Consent string

// The kinds of consent.
const (
	Required Consent = "required" // the browser sends request.DistinctIDHeader
	Assumed  Consent = "assumed"  // people have agreed in another way, such as by contract
)

// maxID limits the IDs that a browser sends.
const maxID = 128

// visitor is what the headers of a request tell of a person's wishes.
type visitor struct {
	distinct, session string
	refused           bool          // by Do Not Track or Global Privacy Control
	nobody            func() string // distinct ID of the events of this request, if they may not tell who the person is
}

type visitorKey struct{}

// Visit keeps in the context of requests what their headers tell. It is a middleware of the server.
func Visit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visitor{
			distinct: id(r.Header, request.DistinctIDHeader), session: id(r.Header, request.SessionIDHeader),
			refused: refuses(r.Header), nobody: sync.OnceValue(uuid.NewString),
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitorKey{}, v)))
	})
}

// refuses reports whether a browser asks not to be tracked: https://www.w3.org/TR/tracking-dnt/, https://www.w3.org/TR/gpc/.
func refuses(h http.Header) bool {
	return h.Get("DNT") == "1" || h.Get("Sec-GPC") == "1"
}

// id returns an ID in a header, or "" if it is not a plain one.
func id(h http.Header, name string) string {
	values := h.Values(name)
	if len(values) != 1 || len(values[0]) > maxID {
		return ""
	}
	return plain(values[0])
}

// plain returns an ID, or "" if it has characters other than letters, digits and a few marks of ASCII.
func plain(id string) string {
	for _, c := range []byte(id) {
		isDigit, isLetter := '0' <= c && c <= '9', 'a' <= c|0x20 && c|0x20 <= 'z'
		if !isDigit && !isLetter && strings.IndexByte("-_.:|@+=", c) < 0 {
			return ""
		}
	}
	return id
}

// person is whom an event is about.
type person struct {
	id      string // distinct ID
	known   bool   // a person who has agreed, logged in or not
	user    bool   // the ID is the one of the caller
	session string // of the browser
}

// personOf returns whom an event of a request is about. Nobody can write events of another person: an ID that the browser sends is the caller's,
// or one that it has made up.
func personOf(ctx context.Context, c caller.Caller, consent Consent) person {
	v, _ := ctx.Value(visitorKey{}).(*visitor)
	if v == nil {
		return person{id: uuid.NewString()}
	}
	isMachine := c.Key != "" || c.Service
	isPerson := c.UID != "" && !strings.HasPrefix(c.UID, AnonymousPrefix)
	isAssumed := v.distinct == "" && consent == Assumed
	hasAgreed := v.distinct == c.UID || isAssumed
	switch {
	case v.refused, isMachine:
	case isPerson && hasAgreed:
		return person{id: c.UID, known: true, user: true, session: v.session}
	case strings.HasPrefix(v.distinct, AnonymousPrefix):
		return person{id: v.distinct, known: true, session: v.session}
	}
	return person{id: v.nobody()}
}

// about returns the properties that tell to what an event belongs. A page has one correlation ID before and after somebody agrees: an event about
// nobody has none, because it would tell later whose event it was.
func about(ctx context.Context, p person) map[string]any {
	properties := map[string]any{"$geoip_disable": true} // the address is the server's
	if !p.user {
		properties["$process_person_profile"] = false
	}
	if p.session != "" {
		properties["$session_id"] = p.session
	}
	if info := request.From(ctx); info != nil {
		properties["request_id"] = info.ID
		if p.known {
			properties["correlation_id"] = info.Correlation
		}
	}
	return properties
}
