package make

import (
	"regexp"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
)

// What happens to most things, in the usual order: the words of statuses, flags and the fields that say when or why it happened.

// event is something that happens to the rows of a table once, such as that they are published.
type event string

// The events that names say in several ways.
const (
	started   event = "started"
	completed event = "completed"
	failed    event = "failed"
	canceled  event = "canceled"
	ended     event = "ended" // of a field: it has a result, whichever
)

// lifecycle lists words of events in their usual order. All words of an entry mean the same event, the first one.
var lifecycle = [][]string{
	{"created"}, {"invited"}, {"requested"}, {"ordered", "placed"}, {"registered", "joined"}, {"scheduled", "planned"}, {"queued", "enqueued"},
	{"opened"}, {"assigned"}, {"submitted"}, {"reviewed"}, {"verified"}, {"approved"}, {"accepted"}, {"confirmed"}, {"activated"}, {"issued"}, {"published"},
	{"started", "running", "in_progress", "processing", "begun", "began"}, {"sent"}, {"overdue", "past_due"}, {"paid"}, {"processed"}, {"packed"}, {"shipped"},
	{"delivered"}, {"received"}, {"read"}, {"answered", "replied"}, {"merged"}, {"resolved"}, {"released"}, {"deployed"},
	{"completed", "complete", "done", "succeeded", "success", "successful"}, {"failed", "failure", "error", "errored"},
	{"rejected", "declined", "denied"}, {"canceled", "cancelled", "cancellation", "cancelation", "aborted", "void", "voided"}, {"ended", "finished"}, {"closed"}, {"expired"},
	{"refunded"}, {"returned"}, {"revoked"}, {"suspended", "suspension"}, {"blocked", "banned"}, {"disabled", "deactivated"}, {"retired", "deprecated"}, {"archived"},
	{"removed", "deleted", "deletion"},
}

// otherForms are the words of lifecycle in the form that a cause has: the rejection reason, the cancel reason.
var otherForms = map[string]string{"rejection": "rejected", "reject": "rejected", "cancel": "canceled", "decline": "rejected", "block": "blocked", "ban": "blocked",
	"refund": "refunded", "return": "returned", "fail": "failed", "close": "closed", "archive": "archived", "delete": "removed", "publish": "published"}

// eventOf returns the event that a word says, and its place in the lifecycle; false for a word that is not one.
func eventOf(word string) (e event, place int, ok bool) {
	if other, known := otherForms[word]; known {
		word = other
	}
	for i, words := range lifecycle {
		if slices.Contains(words, word) {
			return event(words[0]), i, true
		}
	}
	return event(word), -1, participle.MatchString(word)
}

// participle are words that probably say that something has happened.
var participle = regexp.MustCompile(`(^|_)([a-z]+ed|done|made|sold|won|lost|built|seen|left|held|taken|given|written|chosen|withdrawn|put)$`)

// broken are events after which those that usually come before may not have happened: an invitation that expired was not accepted.
var broken = []event{failed, canceled, "rejected", "expired", "revoked"}

// initial are statuses of rows to which nothing has happened yet.
var initial = regexp.MustCompile(`^(draft|pending|new|todo|to_do|open|waiting|idle|backlog|inactive|none|un[a-z_]+|not_[a-z_]+)$`)

// happening is what the name of a field says of an event.
type happening int

const (
	nothing happening = iota
	when              // the time: publishedAt
	who               // the person: publishedBy
	why               // the cause, or what else is only known then: rejectionReason, errorMessage
	whether           // a flag: isPublished
	length            // a duration, known at the end
)

var (
	timeName     = regexp.MustCompile(`^(?:last_|first_|date_|time_)?(.+?)_(?:at|on|date|time|timestamp)$`)
	dateName     = regexp.MustCompile(`^(?:date|time)_(.+)$`)
	personName   = regexp.MustCompile(`^(.+)_by(?:_id)?$`)
	causeName    = regexp.MustCompile(`^(.+)_(?:reason|message|cause|code|note|details?)$`)
	errorName    = regexp.MustCompile(`^(?:last_)?(?:error|failure)(?:_(?:message|reason|cause|code|details?|text|type|stack))?$`)
	durationName = regexp.MustCompile(`(^|_)(duration|latency|elapsed|took|runtime)(_(ms|millis|us|micros|s|secs?|seconds?|m|min|minutes?))?$`)
	flagName     = regexp.MustCompile(`^(?:is_|was_|has_been_)?(.+)$`)
)

// happeningOf returns what a field says of which event.
func happeningOf(f *schema.Field) (h happening, e event) {
	name := schema.SnakeCase(f.Name)
	isTime := f.Type.Scalar == schema.DateTime || f.Type.Scalar == schema.Date
	match := func(of happening, patterns ...*regexp.Regexp) bool {
		for _, p := range patterns {
			if m := p.FindStringSubmatch(name); m != nil {
				if found, _, ok := eventOf(m[1]); ok {
					h, e = of, found
					return true
				}
			}
		}
		return false
	}
	switch {
	case f.Type.List:
	case isTime && match(when, timeName, dateName, flagName):
	case isTime:
	case f.Type.Scalar == schema.Boolean:
		match(whether, flagName)
	case errorName.MatchString(name):
		h, e = why, failed
	case durationName.MatchString(name):
		h, e = length, ended
	case !match(who, personName):
		match(why, causeName)
	}
	return h, e
}

// has says whether an event has happened to a row with one of the values of an enum.
type has int8

const (
	unsaid has = iota
	yes
	no
)

// history returns for each label of an enum whether an event has happened, or nil if the enum does not say it.
func history(enum *schema.Enum, e event, h happening) map[string]has {
	at := slices.IndexFunc(enum.Values, func(v schema.EnumValue) bool { return valueOf(v).event == e })
	if at < 0 && e != ended || (h == length && !slices.ContainsFunc(enum.Values, func(v schema.EnumValue) bool { return valueOf(v).event == started })) {
		return nil
	}
	m, any := map[string]has{}, false
	for i, v := range enum.Values {
		m[v.Label] = valueOf(v).said(e, h, i > at)
		any = any || m[v.Label] == yes
	}
	if !any {
		return nil
	}
	return m
}

// value is a value of an enum that may say which event has happened last.
type value struct {
	event
	place          int // in the lifecycle; -1 for none
	known, initial bool
}

func valueOf(v schema.EnumValue) value {
	word := strings.ToLower(v.Name)
	e, place, known := eventOf(word)
	return value{e, place, known, initial.MatchString(word)}
}

// said returns whether an event has happened to rows with the value. after is whether the value comes after that of the event.
func (v value) said(e event, h happening, after bool) has {
	_, place, _ := eventOf(string(e))
	if v.place >= 0 && place >= 0 {
		after = v.place > place
	}
	isBroken := slices.Contains(broken, v.event)
	switch {
	case v.event == e:
		return yes
	case h == whether, v.initial, slices.Contains(broken, e): // a flag says what is, not what was
		return no
	case e == ended:
		_, first, _ := eventOf(string(completed))
		switch {
		case v.place >= first:
			return yes
		case !v.known:
			return unsaid
		}
		return no
	case isBroken && e == started:
		if v.event == failed {
			return yes
		}
		return unsaid
	case isBroken:
		_, decision, _ := eventOf("verified")
		if place >= 0 && place < decision {
			return yes
		}
		return no
	case after:
		return yes
	}
	return no
}
