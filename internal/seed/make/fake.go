package make

import (
	"maps"
	"slices"
	"strings"

	"github.com/brianvoe/gofakeit/v7"
	"gopkg.in/yaml.v3"
)

// fakes are the generators of fake texts. Fixtures use the same names.
var fakes = map[string]func(f *gofakeit.Faker) string{
	"name":      (*gofakeit.Faker).Name,
	"firstName": (*gofakeit.Faker).FirstName,
	"lastName":  (*gofakeit.Faker).LastName,
	"username":  (*gofakeit.Faker).Username,
	"email": func(f *gofakeit.Faker) string { // at the example domains of RFC 2606
		return strings.ToLower(Letters(f.FirstName()) + "." + Letters(f.LastName()) + "@example." + []string{"com", "org", "net"}[f.IntN(3)])
	},
	"phone":       func(f *gofakeit.Faker) string { return "+1" + f.Phone() },
	"company":     (*gofakeit.Faker).Company,
	"jobTitle":    (*gofakeit.Faker).JobTitle,
	"street":      (*gofakeit.Faker).Street,
	"city":        (*gofakeit.Faker).City,
	"state":       (*gofakeit.Faker).State,
	"country":     (*gofakeit.Faker).Country,
	"countryCode": (*gofakeit.Faker).CountryAbr,
	"zip":         (*gofakeit.Faker).Zip,
	"address":     func(f *gofakeit.Faker) string { return f.Street() + ", " + f.City() },
	"timezone":    (*gofakeit.Faker).TimeZoneRegion,
	"language":    (*gofakeit.Faker).Language,
	"locale": func(f *gofakeit.Faker) string {
		return f.RandomString([]string{"en-US", "en-GB", "de-DE", "fr-FR", "es-ES", "pt-BR", "ja-JP"})
	},
	"currency":  (*gofakeit.Faker).CurrencyShort,
	"product":   (*gofakeit.Faker).ProductName,
	"color":     (*gofakeit.Faker).HexColor,
	"word":      func(f *gofakeit.Faker) string { return oneWord(f, nouns) },
	"title":     title,
	"sentence":  sentence,
	"paragraph": paragraph,
	"slug":      slug,
	"url":       func(f *gofakeit.Faker) string { return "https://" + domain(f) + "/" + oneWord(f, nouns) },
	"domain":    domain,
	"ipv4":      (*gofakeit.Faker).IPv4Address,
	"ipv6":      (*gofakeit.Faker).IPv6Address,
	"userAgent": (*gofakeit.Faker).UserAgent,
	"password":  func(f *gofakeit.Faker) string { return f.Password(true, true, true, false, false, 16) },
	"uuid":      (*gofakeit.Faker).UUID,
	"emoji":     (*gofakeit.Faker).Emoji,
	"hex":       func(f *gofakeit.Faker) string { return strings.TrimPrefix(f.HexUint(64), "0x") },
}

// address is an e-mail address from the first and last word of a person's name.
type address struct {
	names   []*operand
	longest int
}

func (s address) make(r *sample) datum {
	var words []string
	for _, o := range s.names {
		d := o.value(r)
		words = append(words, strings.Fields(o.slot.text(&d))...)
	}
	for i := range words {
		words[i] = strings.ToLower(Letters(words[i]))
	}
	words = slices.DeleteFunc(words, func(w string) bool { return w == "" })
	local := "someone"
	switch {
	case len(words) > 1:
		local = words[0] + "." + words[len(words)-1]
	case len(words) == 1:
		local = words[0]
	}
	host := "@example." + []string{"com", "org", "net"}[r.rng.IntN(3)]
	if s.longest > len(host) {
		local = fit(local, 0, s.longest-len(host))
	}
	return datum{s: local + host}
}

// slugged is the slug of another text.
type slugged struct {
	of                *operand
	shortest, longest int
}

func (s slugged) make(r *sample) datum {
	d := s.of.value(r)
	text := Slug(fit(s.of.slot.text(&d), 0, s.longest))
	return datum{s: fit(text, max(1, s.shortest), s.longest)}
}

// Slug returns a text in lower case with dashes between words.
func Slug(text string) string {
	var b strings.Builder
	dash := false
	for _, c := range strings.ToLower(text) {
		if (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') {
			if dash && b.Len() > 0 {
				b.WriteByte('-')
			}
			dash = false
			b.WriteRune(c)
			continue
		}
		dash = true
	}
	return b.String()
}

// Letters returns only the ASCII letters of a text.
func Letters(s string) string {
	return strings.Map(func(c rune) rune {
		if (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') {
			return c
		}
		return -1
	}, s)
}

// FakeNames returns the sorted names of fakes.
func FakeNames() []string { return slices.Sorted(maps.Keys(fakes)) }

// Fake returns the fake text of a name for a cell of the fixtures. The same seed and place give the same text.
func Fake(name string, seed uint64, place ...string) (string, bool) {
	make1, ok := fakes[name]
	if !ok {
		return "", false
	}
	s := newStream()
	s.seek(salt(seed, place...), 0, 0)
	return make1(gofakeit.NewFaker(s, false)), true
}

func (r *Reader) fake(c *slot, arg *yaml.Node) generator {
	make1, ok := fakes[arg.Value]
	switch {
	case !ok:
		r.fail(arg, "unknown-fake", oneOf(FakeNames()), "there is no fake %q", arg.Value)
	case c.kind != kindText && c.kind != kindJSONB && c.kind != kindRaw:
		r.fail(arg, "wrong-type", "", "%s.%s is %s, but a fake generates text", c.field.Owner.Name, c.field.Name, c.field.Type.Name())
	default:
		return faked{make1, c.longest(), c.shortest()}
	}
	return &constant{null: true}
}
