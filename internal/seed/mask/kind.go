package mask

import (
	"regexp"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/seed/meaning"
)

// Kinds that cannot be declared. They follow from the format of a field, or from a value itself.
const (
	kindUUID     schema.PIIKind = "UUID"
	kindHostname schema.PIIKind = "HOSTNAME"
	kindColor    schema.PIIKind = "COLOR"
)

var byFormat = map[schema.Format]schema.PIIKind{
	schema.Email: schema.PIIEmail, schema.URL: schema.PIIURL, schema.Hostname: kindHostname, schema.IPv4: schema.PIIIP, schema.IPv6: schema.PIIIP,
	schema.UUID: kindUUID, schema.Slug: schema.PIICode, schema.Color: kindColor, schema.Phone: schema.PIIPhone,
}

var (
	email = regexp.MustCompile(schema.Email.Pattern())
	id    = regexp.MustCompile(schema.UUID.Pattern())
	url   = regexp.MustCompile(schema.URL.Pattern())
	ipv4  = regexp.MustCompile(schema.IPv4.Pattern())
	ipv6  = regexp.MustCompile(schema.IPv6.Pattern())
	code  = regexp.MustCompile(`^[+(]?[0-9][0-9 ()./-]*$`)
)

// kindOf returns the kind of a text: the declared one, or the one that follows from the field's format, its name or the value itself.
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

// named returns the kind that a field name suggests, or TEXT. A field called name may contain the name of a person.
func named(name string) schema.PIIKind {
	if name == "name" {
		return schema.PIIName
	}
	if says, ok := meaning.Of(name); ok && says.PII != "" {
		return says.PII
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

// Suspect reports whether an unmarked field looks like personal data.
func Suspect(f *schema.Field) bool {
	t := f.Type
	if f.PII != nil || f.Relation != nil || t.Enum != nil || t.Object != nil {
		return false
	}
	name := schema.SnakeCase(f.Name)
	if t.Scalar == schema.Date && meaning.IsBirth(name) {
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
		return f.Owner != nil && meaning.IsPerson(f.Owner.Name)
	}
	return named(name) != schema.PIIText
}
