package token

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Claims are what a verified token says.
type Claims struct {
	Issuer  string
	Subject string // the user ID
	Session string // session_id or sid; empty if the issuer has none
	Key     string // kid of the key that has signed it
	Email   string // empty if it is not verified
	Roles   []string
	Tier    string
	Issued  time.Time
	Leeway  time.Duration // how far the clock of the issuer may be ahead in Issued
	Expires time.Time     // with the leeway of the issuer

	// AuthTime is when the user last proved who they are: auth_time, or the newest timestamp of amr. It is zero if the token does not say, or
	// if it says a time in the future, and never after the token was verified.
	AuthTime time.Time
	All      map[string]any
}

// registered are the claims that are read.
type registered struct {
	Issuer    string   `json:"iss"`
	Subject   string   `json:"sub"`
	Audience  audience `json:"aud"`
	Expires   seconds  `json:"exp"`
	NotBefore seconds  `json:"nbf"`
	Issued    seconds  `json:"iat"`
	AuthTime  seconds  `json:"auth_time"`
	SessionID string   `json:"session_id"`
	SID       string   `json:"sid"`
	Email     string   `json:"email"`
}

// audience is a string or a list of strings.
type audience []string

// UnmarshalJSON implements json.Unmarshaler.
func (a *audience) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(a))
}

// seconds is a NumericDate: seconds since 1970. 0 stands for a missing one.
type seconds float64

// lastSecond is the end of the year 9999.
const lastSecond = 253402300799

func (s seconds) time() time.Time {
	if s == 0 {
		return time.Time{}
	}
	whole, part := math.Modf(float64(s))
	return time.Unix(int64(whole), int64(part*1e9))
}

func (s seconds) valid() bool { return s >= 0 && s <= lastSecond }

// accept checks the claims of a token whose signature is right.
func (i *trusted) accept(t unverified, now time.Time) (Claims, error) {
	c := t.claims
	if c.Subject == "" {
		return Claims{}, invalid("the token has no subject")
	}
	if !slices.ContainsFunc(c.Audience, func(a string) bool { return slices.Contains(i.Audience, a) }) {
		return Claims{}, invalid("the token is for another audience")
	}
	if err := i.timely(c, now); err != nil {
		return Claims{}, err
	}
	for _, claim := range i.Require {
		path, want, _ := strings.Cut(claim, "=")
		if !holds(at(t.all, path), want) {
			return Claims{}, invalid("the token does not have the required claim " + path)
		}
	}
	session := c.SessionID
	if session == "" {
		session = c.SID
	}
	issuer, subject := i.name(c.Issuer), c.Subject
	if i.Subject == SubjectUUID {
		subject = UserID(issuer, subject)
	}
	tier, _ := at(t.all, i.Tier).(string) // any other claim is no tier
	return Claims{
		Issuer: issuer, Subject: subject, Session: session, Key: t.header.Key, Email: i.email(c, t.all), Roles: texts(at(t.all, i.Roles)), Tier: tier,
		Issued: c.Issued.time(), Leeway: i.Leeway, Expires: c.Expires.time().Add(i.Leeway), AuthTime: past(authTime(c.AuthTime, t.all["amr"]), now, i.Leeway), All: t.all,
	}, nil
}

// timely checks when a token is valid. A token without an end is refused.
func (i *trusted) timely(c registered, now time.Time) error {
	for _, s := range []seconds{c.Expires, c.NotBefore, c.Issued, c.AuthTime} {
		if !s.valid() {
			return invalid("a time in the token is out of range")
		}
	}
	switch {
	case c.Expires == 0:
		return invalid("the token does not expire")
	case !now.Before(c.Expires.time().Add(i.Leeway)):
		return invalid("the token has expired")
	case now.Add(i.Leeway).Before(c.NotBefore.time()), now.Add(i.Leeway).Before(c.Issued.time()):
		return invalid("the token is not valid yet")
	}
	return nil
}

// past returns a time, or now if the clock of the issuer is ahead by no more than the leeway. A time after that is unknown.
func past(at, now time.Time, leeway time.Duration) time.Time {
	switch {
	case at.After(now.Add(leeway)):
		return time.Time{}
	case at.After(now):
		return now
	}
	return at
}

// refreshed is the method in amr of a token that was exchanged for another, for which nobody had to prove anything.
const refreshed = "token_refresh"

// authTime returns auth_time, or the newest timestamp of amr, as Supabase writes it: [{"method": "password", "timestamp": 1767225600}].
func authTime(claim seconds, amr any) time.Time {
	list, _ := amr.([]any)
	for _, entry := range list {
		method, _ := entry.(map[string]any)
		if at, ok := method["timestamp"].(float64); ok && seconds(at).valid() && method["method"] != refreshed {
			claim = max(claim, seconds(at))
		}
	}
	return claim.time()
}

// at returns the claim at a dotted path, or nil. An empty path is that of no claim. A claim whose own name is the path comes first: names such as
// https://example.com/roles contain dots.
func at(claims map[string]any, path string) any {
	if path == "" {
		return nil
	}
	if value, ok := claims[path]; ok {
		return value
	}
	name, rest, nested := strings.Cut(path, ".")
	inner, ok := claims[name].(map[string]any)
	if !nested || !ok {
		return nil
	}
	return at(inner, rest)
}

// texts returns the strings of a claim: a string or a list of strings.
func texts(claim any) []string {
	switch c := claim.(type) {
	case string:
		if c != "" {
			return []string{c}
		}
	case []any:
		var list []string
		for _, item := range c {
			if s, ok := item.(string); ok && s != "" {
				list = append(list, s)
			}
		}
		return list
	}
	return nil
}

// holds reports whether a claim is a value, or a list that contains it.
func holds(claim any, want string) bool {
	switch c := claim.(type) {
	case bool:
		return want == strconv.FormatBool(c)
	case float64:
		return want == strconv.FormatFloat(c, 'f', -1, 64)
	}
	return slices.Contains(texts(claim), want)
}
