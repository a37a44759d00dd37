package generate

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/brianvoe/gofakeit/v7"

	"github.com/krowoc/krowoc/internal/schema"
)

// guess is how a field is made of which nothing is said: by its constraints, its name and its type, in this order.
func (t *table) guess(f *schema.Field) *recipe {
	made := &recipe{}
	if !f.Type.NonNull {
		made.null = 0.1
	}
	if f.Relation != nil {
		made.pick = &pick{field: f}
		if f.Relation.Target == t.typ && !f.Type.NonNull {
			made.null = 0.3
		}
		return made
	}
	c := t.columns[t.index[f.Column]]
	one := *c
	one.array = false
	made.source = t.guessOne(&one, made)
	if c.array {
		low, high := 0.0, 4.0
		if l := f.Constraints.Length; l != nil {
			if l.Min != nil {
				low, high = float64(*l.Min), float64(*l.Min+4)
			}
			if l.Max != nil {
				high = min(high, float64(*l.Max))
			}
		}
		made.source = many{of: made.source, count: uniform{low, high}, distinct: true}
	}
	return made
}

// guessOne is guess for one value.
func (t *table) guessOne(c *column, made *recipe) source {
	f := c.field
	switch {
	case f.Type.Enum != nil:
		return enumSource(f)
	}
	switch c.kind {
	case kindUUID:
		return randomUUID{}
	case kindText:
		if s := t.fromNames(c); s != nil {
			return s
		}
		return textSource(c, made)
	case kindJSONB:
		return jsonSource(f)
	case kindBool:
		share := 0.5
		if d, ok := defaultValue(f).(bool); ok {
			share = map[bool]float64{true: 0.8, false: 0.2}[d]
		}
		return coin{share}
	case kindDate, kindTimestamp:
		return t.timeSource(c, made)
	case kindVector:
		return coordinates{max(c.most, 3)}
	}
	if c.kind.isNumber() {
		return numberSource(c)
	}
	return &constant{null: true}
}

// fromNames makes an e-mail address of a person's name and a slug of a title, so that a row speaks of one thing; nil for other fields.
func (t *table) fromNames(c *column) source {
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
	case f.Owner != t.typ || f.Type.List || f.Constraints.Pattern != "":
	case f.Constraints.Format == schema.Email || f.Name == "email":
		if of := given("firstName", "lastName"); of != nil {
			return address{of, c.longest()}
		}
		if of := given("name"); of != nil && people.MatchString(t.typ.Name) {
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

func defaultValue(f *schema.Field) any {
	if f.Default == nil {
		return nil
	}
	return f.Default.Value
}

// enumSource takes every value, the default as often as all others together.
func enumSource(f *schema.Field) source {
	s := &choice{}
	sum, usual := 0.0, defaultValue(f)
	for _, v := range f.Type.Enum.Values {
		weight := 1.0
		if v.Name == usual {
			weight = max(1, float64(len(f.Type.Enum.Values)-1))
		}
		sum += weight
		s.values = append(s.values, &constant{text: v.Name, d: datum{s: v.Name}})
		s.upTo = append(s.upTo, sum)
	}
	return s
}

func jsonSource(f *schema.Field) source {
	if f.Default == nil || f.Default.Value == nil {
		return &constant{d: datum{s: "{}"}, text: "{}"}
	}
	return &constant{d: datum{s: jsonText(f.Default.Value)}, text: jsonText(f.Default.Value)}
}

// byName are the texts that a name asks for, by the words that it ends with.
var byName = []struct{ pattern, fake string }{
	{`(^|_)(e_?mail|email_address)$`, "email"}, {`(^|_)first_name$|given_name$`, "firstName"}, {`(^|_)last_name$|surname$|family_name$`, "lastName"},
	{`(^|_)(user_?name|login|handle|nickname)$`, "username"}, {`(^|_)(company|organi[sz]ation|employer)(_name)?$`, "company"},
	{`(^|_)(product)(_name)?$`, "product"}, {`(^|_)phone(_number)?$|mobile$`, "phone"}, {`(^|_)(street|address_line_?\d?)$`, "street"},
	{`(^|_)address$`, "address"}, {`(^|_)city$|town$`, "city"}, {`(^|_)(state|province|region)$`, "state"}, {`(^|_)country_code$`, "countryCode"},
	{`(^|_)country$`, "country"}, {`(^|_)(zip|zip_code|postal_code|postcode)$`, "zip"}, {`(^|_)time_?zone$`, "timezone"}, {`(^|_)locale$`, "locale"},
	{`(^|_)language$`, "language"}, {`(^|_)currency$`, "currency"}, {`(^|_)(job|job_title|position)$`, "jobTitle"}, {`(^|_)slug$`, "slug"},
	{`(^|_)(url|link|website|homepage|avatar|image)$`, "url"}, {`(^|_)(host|hostname|domain)$`, "domain"}, {`(^|_)(ip|ip_address)$`, "ipv4"},
	{`(^|_)user_agent$`, "userAgent"}, {`(^|_)(password|secret|token)$|(^|_)(hash|digest|checksum|key|ciphertext)$`, "hex"}, {`(^|_)colou?r$`, "color"},
	{`(^|_)(title|subject|headline|topic)$`, "title"}, {`(^|_)(body|content|text|description|bio|about|output|prompt|message)$`, "paragraph"},
	{`(^|_)(summary|comment|note|notes|reason|error|caption|excerpt|question|answer)$`, "sentence"}, {`(^|_)(tag|label|category|keyword)s?$`, "word"},
	{`(^|_)(code|sku|reference|number)$`, "hex"}, {`(^|_)uuid$`, "uuid"},
}

var namePatterns = func() []*regexp.Regexp {
	list := make([]*regexp.Regexp, len(byName))
	for i, n := range byName {
		list[i] = regexp.MustCompile(n.pattern)
	}
	return list
}()

// people are types whose name is that of a person.
var people = regexp.MustCompile(`(?i)(user|person|people|customer|author|employee|member|contact|patient|student|teacher|profile|account|owner)$`)

var byFormat = map[schema.Format]string{schema.Email: "email", schema.URL: "url", schema.Hostname: "domain", schema.IPv4: "ipv4", schema.IPv6: "ipv6",
	schema.UUID: "uuid", schema.Slug: "slug", schema.Color: "color", schema.Phone: "phone"}

func textSource(c *column, made *recipe) source {
	f := c.field
	if c.field.Type.Scalar == schema.Bytes {
		low, high := max(c.shortest(), 8), 48
		if most := c.longest(); most > 0 {
			low, high = min(low, most), min(high, most)
		}
		return octets{low, max(low, high)}
	}
	s := faked{fakes["sentence"], c.longest(), c.shortest()}
	column := schema.SnakeCase(f.Name)
	switch {
	case f.Constraints.Format != "":
		s.make1 = fakes[byFormat[f.Constraints.Format]]
	case f.Constraints.Pattern != "":
		return patterned(f.Constraints.Pattern, s.longest, s.shortest)
	case c.field.Type.Scalar == schema.ID || column == "id":
		s.make1 = fakes["uuid"]
	case column == "name" && f.Owner != nil && people.MatchString(f.Owner.Name):
		s.make1 = fakes["name"]
	case column == "name" || strings.HasSuffix(column, "_name"):
		s.make1 = fakes["title"]
	}
	if f.Constraints.Format == "" {
		for i, p := range namePatterns {
			if p.MatchString(column) {
				s.make1 = fakes[byName[i].fake]
				break
			}
		}
	}
	if column == "error" || strings.HasSuffix(column, "_error") {
		made.null = map[bool]float64{true: 0, false: 0.8}[f.Type.NonNull]
	}
	if s.longest > 0 && s.longest <= 8 {
		s.make1 = fakes["hex"]
	}
	return s
}

// patterned makes texts that match a regular expression.
func patterned(pattern string, longest, shortest int) source {
	expr, err := regexp.Compile(pattern)
	plain := strings.TrimSuffix(strings.TrimPrefix(pattern, "^"), "$")
	return faked{longest: longest, shortest: shortest, make1: func(f *gofakeit.Faker) (text string) {
		for range 50 {
			text = f.Regex(plain)
			length := len([]rune(text))
			if err != nil || expr.MatchString(text) && (longest == 0 || length <= longest) && length >= shortest {
				return text
			}
		}
		return text
	}}
}

// numberSource goes by the bounds of the schema, else by the name.
func numberSource(c *column) source {
	low, high := c.bounds()
	column := schema.SnakeCase(c.field.Name)
	r := c.field.Constraints.Range
	bounded := r != nil && r.Max != ""
	if d := defaultValue(c.field); d != nil && strings.HasSuffix(column, "count") { // the application keeps it
		return &constant{text: fmt.Sprint(d)}
	}
	integer := c.kind == kindInt2 || c.kind == kindInt4 || c.kind == kindInt8
	m := &measure{column: c, low: low, high: high}
	if r == nil || r.Min == "" {
		m.low = max(low, 0)
	}
	switch {
	case bounded && integer:
		return whole{int64(math.Ceil(m.low)), int64(math.Floor(high))}
	case bounded:
		m.numbers = uniform{m.low, high}
	case strings.HasSuffix(column, "year"):
		return whole{max(int64(m.low), 1990), 2026}
	case strings.HasSuffix(column, "age"):
		return whole{max(int64(m.low), 18), 90}
	case strings.HasSuffix(column, "latitude") || column == "lat":
		m.low, m.numbers = -90, uniform{-90, 90}
	case strings.HasSuffix(column, "longitude") || column == "lng" || column == "lon":
		m.low, m.numbers = -180, uniform{-180, 180}
	case strings.HasSuffix(column, "share") || strings.HasSuffix(column, "ratio") || strings.HasSuffix(column, "rate"):
		m.numbers = uniform{max(m.low, 0), max(m.low, 0) + 1}
	case c.kind == kindNumeric:
		m.numbers = lognormal{max(m.low, 1) * 20, 1}
	case c.kind == kindInterval:
		m.numbers = lognormal{60, 1.5}
	default:
		m.numbers = lognormal{max(m.low, 1) * 30, 1.2}
	}
	return m
}

// timeSource goes by the name: a row is made before it is updated, and what expires does so in the future.
func (t *table) timeSource(c *column, made *recipe) source {
	const day = int64(microsPerDay)
	now := microsOf(t.now)
	m := &moments{weekend: 1, power: 1, day: c.kind == kindDate, low: now - 365*day, high: now}
	name := schema.SnakeCase(c.field.Name)
	switch {
	case strings.Contains(name, "birth") || name == "born" || name == "dob":
		m.low, m.high = now-80*365*day, now-18*365*day
	case strings.Contains(name, "expire") || strings.Contains(name, "due") || strings.Contains(name, "until") || strings.HasPrefix(name, "next"):
		m.low, m.high = now, now+365*day
	case strings.HasPrefix(name, "created") || strings.HasPrefix(name, "registered") || strings.HasPrefix(name, "joined"):
		m.power = 2
	case strings.HasPrefix(name, "updated") || strings.HasPrefix(name, "modified"):
		if created := t.typ.Field("createdAt"); created != nil && created != c.field && created.Type.NonNull {
			of := &operand{path: created.Name}
			return later{copied{column: c, arithmetic: arithmetic{of: of, plus: exponential{20 * 86400}}}, now}
		}
	}
	if !c.field.Type.NonNull && (strings.HasPrefix(name, "deleted") || strings.HasPrefix(name, "archived") || strings.HasPrefix(name, "canceled")) {
		made.null = 0.9
	}
	if r := c.field.Constraints.Range; r != nil {
		if at, ok := ParseMoment(r.Min, t.now); ok && r.Min != "" {
			m.low = max(m.low, microsOf(at))
			m.high = max(m.high, m.low)
		}
		if at, ok := ParseMoment(r.Max, t.now); ok && r.Max != "" {
			m.high = min(m.high, microsOf(at))
			m.low = min(m.low, m.high-day)
		}
	}
	return m
}

// later is a time after another, but not in the future.
type later struct {
	copied
	now int64
}

func (s later) make(r *row) datum {
	d, first := s.copied.make(r), s.of.value(r)
	if !d.null && d.i > s.now {
		d.i = max(first.i, s.now)
	}
	return d
}

// make draws a direction.
func (s coordinates) make(r *row) datum {
	list := make([]datum, s.n)
	sum := 0.0
	for i := range list {
		list[i].f = r.rng.NormFloat64()
		sum += float64(list[i].f * list[i].f)
	}
	text := make([]string, s.n)
	for i := range list {
		list[i].f = significant(list[i].f / math.Sqrt(sum))
		text[i] = strconv.FormatFloat(list[i].f, 'g', 6, 64)
	}
	return datum{list: list, s: "[" + strings.Join(text, ",") + "]"}
}
