package make

import (
	"regexp"
	"strings"

	"github.com/brianvoe/gofakeit/v7"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/seed/meaning"
)

// fromNames derives an e-mail address from a person's name and a slug from a title, so that a row is consistent. It returns nil for other
// fields.
func (t *blueprint) fromNames(c *slot) generator {
	f := c.field
	given := func(names ...string) (list []*operand) {
		for _, name := range names {
			o := t.typ.Field(name)
			if o == nil || o == f || o.Type.Scalar != schema.String || o.Type.List || !o.Type.NonNull {
				return nil
			}
			list = append(list, &operand{path: name})
		}
		return list
	}
	switch {
	case f.Owner != t.typ || f.Type.List || f.Constraints.Pattern != "" || c.hint != nil:
	case f.Constraints.Format == schema.Email || f.Name == "email":
		if of := given("firstName", "lastName"); of != nil {
			return address{of, c.longest()}
		}
		if of := given("name"); of != nil && meaning.IsPerson(t.typ.Name) {
			return address{of, c.longest()}
		}
	case f.Constraints.Format == schema.Slug || f.Name == "slug":
		for _, name := range []string{"title", "name"} {
			if of := given(name); of != nil {
				return slugged{of[0], c.shortest(), c.longest()}
			}
		}
	}
	return nil
}

var byFormat = map[schema.Format]string{schema.Email: "email", schema.URL: "url", schema.Hostname: "domain", schema.IPv4: "ipv4", schema.IPv6: "ipv6",
	schema.UUID: "uuid", schema.Slug: "slug", schema.Color: "color", schema.Phone: "phone"}

func textGenerator(c *slot, made *rule) generator {
	f := c.field
	if c.field.Type.Scalar == schema.Bytes {
		low, high := max(c.shortest(), 8), 48
		if most := c.longest(); most > 0 {
			low, high = min(low, most), min(high, most)
		}
		return octets{low, max(low, high)}
	}
	s := faked{fakes["sentence"], c.longest(), c.shortest()}
	name := schema.SnakeCase(f.Name)
	switch {
	case f.Constraints.Format != "":
		s.make1 = fakes[byFormat[f.Constraints.Format]]
	case c.pattern() != "":
		return patterned(c.pattern(), s.longest, s.shortest, f.Constraints.Pattern == "" && !strings.HasSuffix(c.pattern(), "$"))
	case c.field.Type.Scalar == schema.ID || name == "id":
		s.make1 = fakes["uuid"]
	case name == "name" && f.Owner != nil && meaning.IsPerson(f.Owner.Name):
		s.make1 = fakes["name"]
	case name == "name" || strings.HasSuffix(name, "_name"):
		s.make1 = fakes["title"]
	}
	if says, ok := meaning.Of(name); ok && f.Constraints.Format == "" {
		s.make1 = fakes[says.Fake]
	}
	if isVersion(f, name) {
		s.make1 = (*gofakeit.Faker).AppVersion
	}
	if name == "error" || strings.HasSuffix(name, "_error") {
		if made.null = 0.8; f.Type.NonNull {
			made.null = 0
		}
	}
	if s.longest > 0 && s.longest <= 8 {
		s.make1 = fakes["hex"]
	}
	return c.shape(s)
}

// isVersion reports whether a text is probably the version of software, such as 1.4.2: version, min_version, the num of a Version.
func isVersion(f *schema.Field, name string) bool {
	if f.Constraints.Format != "" {
		return false
	}
	ofVersion := f.Owner != nil && f.Owner.Name == "Version" && (name == "num" || name == "number")
	return ofVersion || name == "version" || strings.HasSuffix(name, "_version")
}

// patterned generates texts that match a regular expression. If more may follow, they go on after the match.
func patterned(pattern string, longest, shortest int, more bool) generator {
	expr, err := regexp.Compile(pattern)
	plain := strings.TrimSuffix(strings.TrimPrefix(pattern, "^"), "$")
	return faked{longest: longest, shortest: shortest, make1: func(f *gofakeit.Faker) (text string) {
		for range 50 {
			if text = f.Regex(plain); more {
				text = fit(text+oneWord(f, nouns), shortest, longest)
			}
			length := len([]rune(text))
			if err != nil || (expr.MatchString(text) && (longest == 0 || length <= longest) && length >= shortest) {
				return text
			}
		}
		return text
	}}
}
