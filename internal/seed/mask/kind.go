package mask

import (
	"regexp"

	"github.com/krowoc/krowoc/internal/schema"
)

// Kinds that nobody writes: the format of a field, or a value itself, says that a text is one.
const (
	kindUUID     schema.PIIKind = "UUID"
	kindHostname schema.PIIKind = "HOSTNAME"
	kindColor    schema.PIIKind = "COLOR"
)

var byFormat = map[schema.Format]schema.PIIKind{
	schema.Email: schema.PIIEmail, schema.URL: schema.PIIURL, schema.Hostname: kindHostname, schema.IPv4: schema.PIIIP, schema.IPv6: schema.PIIIP,
	schema.UUID: kindUUID, schema.Slug: schema.PIICode, schema.Color: kindColor, schema.Phone: schema.PIIPhone,
}

// byName are the kinds that the name of a field tells, in snake_case.
var byName = []struct {
	pattern *regexp.Regexp
	kind    schema.PIIKind
}{
	{regexp.MustCompile(`(^|_)e_?mails?(_address)?$`), schema.PIIEmail},
	{regexp.MustCompile(`(^|_)(phone|mobile|fax|telephone)(_number)?$`), schema.PIIPhone},
	{regexp.MustCompile(`(^|_)(user_?name|login|handle|nickname|iban|ssn|passport(_number)?|tax_id|vat_id|account_number|license_plate)$`), schema.PIICode},
	{regexp.MustCompile(`(^|_)(first|last|full|given|family|middle|display|sur|maiden|legal)_?name$|^name$`), schema.PIIName},
	{regexp.MustCompile(`(^|_)(ip|ip_address|remote_addr)$`), schema.PIIIP},
	{regexp.MustCompile(`(^|_)(street|address(_line_?\d?)?)$`), schema.PIIAddress},
}

var (
	email = regexp.MustCompile(schema.Email.Pattern())
	id    = regexp.MustCompile(schema.UUID.Pattern())
	url   = regexp.MustCompile(schema.URL.Pattern())
	ipv4  = regexp.MustCompile(schema.IPv4.Pattern())
	ipv6  = regexp.MustCompile(schema.IPv6.Pattern())
	code  = regexp.MustCompile(`^[+(]?[0-9][0-9 ()./-]*$`)
)

// kindOf says what a text is: what the schema says, else what its form, its name or the value itself tells.
func (f *Field) kindOf(text string) schema.PIIKind {
	if f.field.PII != nil && f.field.PII.Kind != "" && f.field.PII.Kind != schema.PIINone {
		return f.field.PII.Kind
	}
	c := f.field.Constraints
	if c.Format != "" {
		return byFormat[c.Format]
	}
	if c.Pattern != "" {
		return schema.PIICode
	}
	if kind := kindOfValue(text); kind != schema.PIIText {
		return kind
	}
	return named(f.name)
}

// named returns the kind that a name tells; else TEXT.
func named(name string) schema.PIIKind {
	for _, n := range byName {
		if n.pattern.MatchString(name) {
			return n.kind
		}
	}
	return schema.PIIText
}

func kindOfValue(text string) schema.PIIKind {
	switch {
	case id.MatchString(text):
		return kindUUID
	case email.MatchString(text):
		return schema.PIIEmail
	case url.MatchString(text):
		return schema.PIIURL
	case ipv4.MatchString(text), ipv6.MatchString(text):
		return schema.PIIIP
	case code.MatchString(text):
		return schema.PIICode
	}
	return schema.PIIText
}

// Suspect reports whether a field that is not marked looks like personal data.
func Suspect(f *schema.Field) bool {
	t := f.Type
	if f.PII != nil || f.Relation != nil || t.Enum != nil || t.Object != nil {
		return false
	}
	name := schema.SnakeCase(f.Name)
	if t.Scalar == schema.Date && born.MatchString(name) {
		return true
	}
	if t.Scalar != schema.String {
		return false
	}
	switch f.Constraints.Format {
	case schema.Email, schema.Phone, schema.IPv4, schema.IPv6:
		return true
	case "":
	default:
		return false
	}
	if name == "name" {
		return f.Owner != nil && people.MatchString(f.Owner.Name)
	}
	return named(name) != schema.PIIText
}

var (
	born   = regexp.MustCompile(`(^|_)(birth(_?(date|day))?|born|date_of_birth|dob)(_on|_at)?$`)
	people = regexp.MustCompile(`(User|Person|People|Customer|Author|Employee|Member|Contact|Patient|Student|Teacher|Profile|Account|Owner|Guest|Client)$`)
)
