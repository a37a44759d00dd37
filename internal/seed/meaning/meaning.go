// Package meaning guesses the kind of values of a text field from its name, for generating and masking values.
package meaning

import (
	"regexp"

	"github.com/krowoc/krowoc/internal/schema"
)

// Meaning is the kind of values that a field name suggests.
type Meaning struct {
	Fake string         // the name of similar fake values
	PII  schema.PIIKind // the kind of personal data; empty for none
}

// names are the meanings by the last words of a name in snake_case. The first match applies, so that an ip_address or email_address is not
// a postal address.
var names = []struct {
	pattern string
	Meaning
}{
	{`e_?mails?(_address)?`, Meaning{"email", schema.PIIEmail}},
	{`(ip|ip_address|remote_addr)`, Meaning{"ipv4", schema.PIIIP}},
	{`(phone|mobile|telephone|fax)(_number)?`, Meaning{"phone", schema.PIIPhone}},
	{`(user_?name|login|handle|nickname)`, Meaning{"username", schema.PIICode}},
	{`(iban|ssn|passport(_number)?|tax_id|vat_id|account_number|license_plate)`, Meaning{"hex", schema.PIICode}},
	{`(first|given|middle)_?name`, Meaning{"firstName", schema.PIIName}},
	{`(last|family|maiden|sur)_?name`, Meaning{"lastName", schema.PIIName}},
	{`(full|display|legal)_?name`, Meaning{"name", schema.PIIName}},
	{`(street|address_line_?\d?)`, Meaning{"street", schema.PIIAddress}},
	{`(mac|wallet|web)_address`, Meaning{Fake: "hex"}},
	{`address`, Meaning{"address", schema.PIIAddress}},

	{`(company|organi[sz]ation|employer)(_name)?`, Meaning{Fake: "company"}},
	{`product(_name)?`, Meaning{Fake: "product"}},
	{`(city|(home)?town)`, Meaning{Fake: "city"}},
	{`(state|province|region)`, Meaning{Fake: "state"}},
	{`country_code`, Meaning{Fake: "countryCode"}},
	{`country`, Meaning{Fake: "country"}},
	{`(zip|zip_code|postal_code|postcode)`, Meaning{Fake: "zip"}},
	{`time_?zone`, Meaning{Fake: "timezone"}},
	{`locale`, Meaning{Fake: "locale"}},
	{`language`, Meaning{Fake: "language"}},
	{`currency`, Meaning{Fake: "currency"}},
	{`(job|job_title|position)`, Meaning{Fake: "jobTitle"}},
	{`slug`, Meaning{Fake: "slug"}},
	{`(url|link|website|homepage|avatar|image)`, Meaning{Fake: "url"}},
	{`(host|hostname|domain)`, Meaning{Fake: "domain"}},
	{`user_agent`, Meaning{Fake: "userAgent"}},
	{`(password|secret|token|hash|digest|checksum|key|ciphertext)`, Meaning{Fake: "hex"}},
	{`colou?r`, Meaning{Fake: "color"}},
	{`(title|subject|headline|topic)`, Meaning{Fake: "title"}},
	{`(body|content|text|description|bio|about|output|prompt|message)`, Meaning{Fake: "paragraph"}},
	{`(summary|comment|note|notes|reason|error|caption|excerpt|question|answer)`, Meaning{Fake: "sentence"}},
	{`(tag|label|category|keyword)s?`, Meaning{Fake: "word"}},
	{`(code|sku|reference|number)`, Meaning{Fake: "hex"}},
	{`uuid`, Meaning{Fake: "uuid"}},
	{`[^_]+_id`, Meaning{Fake: "hex"}},
}

var patterns = func() []*regexp.Regexp {
	list := make([]*regexp.Regexp, len(names))
	for i, n := range names {
		list[i] = regexp.MustCompile(`(^|_)` + n.pattern + `$`)
	}
	return list
}()

// Of returns the meaning of a text field's name in snake_case, or false without one. The meaning of a field called name depends on its
// type: see IsPerson.
func Of(name string) (Meaning, bool) {
	for i, p := range patterns {
		if p.MatchString(name) {
			return names[i].Meaning, true
		}
	}
	return Meaning{}, false
}

var people = regexp.MustCompile(`(^|_)(super)?(user|person|people|customer|author|employee|member|contact|patient|student|teacher|profile|account|owner|guest|client)$`)

// IsPerson reports whether a type name suggests that its rows are people, whose names are personal data.
func IsPerson(typeName string) bool { return people.MatchString(schema.SnakeCase(typeName)) }

var birth = regexp.MustCompile(`(^|_)(birth(_?(date|day|time))?|born|date_of_birth|dob)(_on|_at)?$`)

// IsBirth reports whether the name of a date or time, in snake_case, suggests a date of birth.
func IsBirth(name string) bool { return birth.MatchString(name) }
