package mask_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/seed/mask"
)

var masker = mask.New([]byte("a key for the tests alone"))

// field parses one field of a type.
func field(t testing.TB, declaration string) *schema.Field {
	t.Helper()
	s, mistakes := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: "enum Tier { FREE TEAM }\ntype Person @table @auth(rules: []) { " + declaration + " }"})
	if s == nil {
		t.Fatal(mistakes)
	}
	return s.Type("Person").Fields[1] // after id
}

// TestMasks masks values of every type: the mask is another value, the same every time, of the same form.
func TestMasks(t *testing.T) {
	for _, c := range []struct{ declaration, value, want string }{
		{`email: String @format(type: email) @pii`, "ada@lindqvist.se", `^[a-z.]+\.[a-z0-9]{12}@example\.com$`},
		{`email: String @length(max: 20) @pii`, "ada@lindqvist.se", `^[a-z0-9.]{1,8}@example\.com$`},
		{`contact: String @pii`, "ada@lindqvist.se", `^[a-z.]+\.[a-z0-9]{12}@example\.com$`},
		{`name: String @pii`, "Ada Lindqvist", `^\w+ .+$`},
		{`name: String @pii`, "Ada", `^\w+$`},
		{`name: String @unique @length(max: 14) @pii`, "Ada Lindqvist", `^\w [a-z0-9]{12}$`},
		{`phone: String @format(type: phone) @pii`, "+4915112345678", `^\+[1-9]\d{12}$`},
		{`phone: String @pii`, "(030) 1234-56", `^\(\d{3}\) \d{4}-\d\d$`},
		{`street: String @pii`, "Unter den Linden 1", `^.{5,}$`},
		{`site: String @format(type: url) @pii`, "http://ada.dev/me", `^http://example\.com/[a-z0-9]{12}$`},
		{`site: String @pii(kind: URL)`, "ada@lindqvist.se, see http://x.se", `^https://example\.com/[a-z0-9]{12}$`},
		{`site: String @pii(kind: URL)`, "lindqvist://x", `^https://example\.com/[a-z0-9]{12}$`},
		{`site: String @pii(kind: URL)`, "WSS://x.se", `^WSS://example\.com/[a-z0-9]{12}$`},
		{`host: String @format(type: hostname) @pii`, "ada.dev", `^[a-z0-9]{12}\.example\.com$`},
		{`ip: String @format(type: ipv4) @pii`, "203.0.113.9", `^\d+\.\d+\.\d+\.\d+$`},
		{`ip: String @pii`, "2a00:1450::8a", `^2001:db8(:[0-9a-f]{1,4}){6}$`},
		{`ip: String @col(dataType: "cidr") @pii`, "203.0.113.0/24", `.`},
		{`ip: String @pii(kind: IP)`, "unknown/ada lindqvist", `^2001:db8(:[0-9a-f]{1,4}){6}$`},
		{`ip: String @pii(kind: IP)`, "10.0.0.1/ada@lindqvist.se", `^2001:db8(:[0-9a-f]{1,4}){6}$`},
		{`ip: String @pii(kind: IP)`, "10.0.0.1/8", `^\d+\.\d+\.\d+\.\d+/8$`},
		{`login: String @pii`, "ada-L7", `^[a-z]{3}-[A-Z]\d$`},
		{`slug: String @format(type: slug) @pii`, "ada-lindqvist", `^[a-z]{3}-[a-z]{9}$`},
		{`color: String @format(type: color) @pii`, "#a0B1c2", `^#[0-9a-f]{6}$`},
		{`stripe: String @pattern(regex: "^cus_[a-z0-9]{6}$") @pii`, "cus_a1b2c3", `^cus_[a-z]\d[a-z]\d[a-z]\d$`},
		{`odd: String @pattern(regex: "^(abc|def)$") @pii`, "abc", `^def$`},
		{`note: String @pii`, "met her at the office in Uppsala", `^.{32}$`},
		{`note: String @pii(kind: TEXT)`, "a\nb", `(?s)^.{3}$`},
		{`note: String @pii`, "日本語", `^[a-z]{3}$`},
		{`note: String @pii`, "--", `^[a-z0-9]{2}$`},
		{`code: String @col(dataType: "varchar(3)") @pii(kind: NAME)`, "abc", `^.{1,3}$`},
		{`key: ID @pii`, "0190d4a1-0000-7000-8000-0000000000ff", `^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`},
		{`key: ID @col(dataType: "text") @pii`, "user-17", `^[a-z]{4}-\d\d$`},
		{`age: Int @range(min: 18, max: 120) @pii`, "42", `^(1[89]|[2-9]\d)$`},
		{`n: Int @pii`, "2147483647", `^1\d{9}|20\d{8}|21\d{8}$`},
		{`n: Int @pii`, "0", `^[1-9]$`},
		{`n: Int64 @pii`, "-120", `^-[1-9]\d\d$`},
		{`n: Decimal @pii`, "1200.50", `^[1-9]\d{3}\.\d\d$`},
		{`n: Decimal @range(min: 10, max: 11) @pii`, "10.5", `^1(0\.\d|1\.0)$`},
		{`n: Float @pii`, "1.5e-07", `^\d\.\de-07$`},
		{`d: Duration @pii`, "P1DT2H30M", `^P\dDT\dH[1-9]\dM$`},
		{`d: Date @range(min: "1960-01-01", max: "1980-01-01") @pii`, "1970-03-04", `^19[67]\d-\d\d-\d\d$`},
		{`d: DateTime @pii`, "2026-03-04 10:11:12+00", `^20\d\d-\d\d-\d\d \d\d:\d\d:\d\dZ$`},
		{`d: DateTime @pii`, "1926-03-04 10:11:12.000001+00", `^19\d\d-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?Z$`},
		{`b: Bytes @pii`, `\x00ff`, `^\\x[0-9a-f]{4}$`},
		{`v: Vector @pii`, `[1,2,3]`, `^\[[^,]+,[^,]+,[^,]+\]$`},
		{`j: JSON @pii`, `{"ada_lindqvist": {"lindqvist": 1}, "the long name of Ada Lindqvist": 2, "1815": 3, "": 4}`,
			`^\{"[a-z]{3}_[a-z]{9}":\{"[a-z]{9}":\d\},"[a-z0-9]{12} [^"]{17}":\d,"\d{4}":\d,"":\d\}$`},
		{`j: JSON @pii(keys: ["email", "age", "tags"])`, `{"email": "ada@lindqvist.se", "age": 42, "tags": ["x", true, null], "ada@lindqvist.se": 1}`,
			`^\{"email":"[^"]+@example\.com","age":\d\d,"tags":\["[a-z]",false,null\],"[^"]+@example\.com":\d\}$`},
		{`t: Tier @pii`, "TEAM", "^FREE$"},
		{`b: Boolean @pii`, "true", "^false$"},
	} {
		f := masker.Field(field(t, c.declaration), strings.Contains(c.declaration, "@unique"))
		got, err := f.Value(c.value)
		again, _ := f.Value(c.value)
		if err != nil || got == c.value || got != again || !regexp.MustCompile(c.want).MatchString(got) || strings.Contains(strings.ToLower(got), "lindqvist") {
			t.Errorf("%s: %q: got %q, then %q, %v; want %s", c.declaration, c.value, got, again, err, c.want)
		}
		if other, _ := mask.New([]byte("another key")).Field(field(t, c.declaration), false).Value(c.value); other == got &&
			!regexp.MustCompile("^(def|FREE|false)$").MatchString(got) && len(got) > 4 {
			t.Errorf("%s: %q is %q with every key", c.declaration, c.value, got)
		}
	}
}

// TestUnique masks all values of small sets: as many masks as values, and none of itself.
func TestUnique(t *testing.T) {
	for declaration, values := range map[string]func(i int) string{
		`n: Int @unique @range(min: 10, max: 99) @pii`:                           func(i int) string { return fmt.Sprint(10 + i%90) },
		`code: String @unique @pattern(regex: "^[A-C]\\d$") @pii`:                func(i int) string { return string(rune('A'+i%3)) + fmt.Sprint(i/3%10) },
		`phone: String @unique @pii`:                                             func(i int) string { return fmt.Sprintf("+49 30 %04d", i) },
		`email: String @unique @pii`:                                             func(i int) string { return fmt.Sprintf("user%d@corp.example", i) },
		`name: String @unique @pii`:                                              func(i int) string { return fmt.Sprintf("User Number%d", i) },
		`ip: String @unique @pii`:                                                func(i int) string { return fmt.Sprintf("10.0.%d.%d", i/256, i%256) },
		`day: Date @unique @pii`:                                                 func(i int) string { return fmt.Sprintf("19%02d-03-04", i%100) },
		`note: String @unique @pii(kind: TEXT) @length(max: 40)`:                 func(i int) string { return fmt.Sprintf("a note that is number %05d here", i) },
		`key: ID @pii`:                                                           func(i int) string { return fmt.Sprintf("0190d4a1-0000-7000-8000-%012d", i) },
		`small: String @unique @length(min: 1, max: 1) @pii`:                     func(i int) string { return string(rune('a' + i%26)) },
		`at: DateTime @unique @range(min: "2020-01-01", max: "2021-01-01") @pii`: func(i int) string { return fmt.Sprintf("2020-06-01 00:%02d:%02d+00", i/60%60, i%60) },
	} {
		declaration = strings.Replace(declaration, `"2020-01-01", max: "2021-01-01"`, `"2020-01-01T00:00:00Z", max: "2021-01-01T00:00:00Z"`, 1)
		f := masker.Field(field(t, declaration), true)
		masks := map[string]string{}
		for i := range 2000 {
			value := values(i)
			got, err := f.Value(value)
			if err != nil || got == value {
				t.Errorf("%s: %q: got %q, %v", declaration, value, got, err)
			}
			if first, there := masks[got]; there && first != value {
				t.Errorf("%s: %q is the mask of %q and of %q", declaration, got, first, value)
			}
			masks[got] = value
		}
	}
}

// TestLength masks random texts: they keep their length, and no word of them is left.
func TestLength(t *testing.T) {
	f := masker.Field(field(t, `note: String @pii(kind: TEXT) @length(min: 1, max: 300)`), false)
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		runes := make([]rune, 1+r.IntN(299))
		for i := range runes {
			runes[i] = []rune("abcXYZ 0189\n-_äß漢🎉")[r.IntN(18)]
		}
		text := string(runes)
		got, err := f.Value(text)
		if err != nil || got == text || utf8.RuneCountInString(got) != len(runes) {
			t.Fatalf("%q: got %q, %v", text, got, err)
		}
	}
}

// TestSame compares the masks of one value in several places.
func TestSame(t *testing.T) {
	declarations := []string{`email: String! @unique @format(type: email) @pii`, `contact: String @pii`, `x: String @pii(kind: EMAIL)`, `mails: [String!] @pii`}
	masks := map[string]bool{}
	for i, d := range declarations {
		got, _ := masker.Field(field(t, d), i == 0).Value("ada@lindqvist.se")
		masks[got] = true
	}
	document, _ := masker.Field(field(t, `j: JSON @pii`), false).Value(`["ada@lindqvist.se"]`)
	var list []string
	if err := json.Unmarshal([]byte(document), &list); err != nil {
		t.Fatal(err)
	}
	masks[list[0]] = true
	if len(masks) != 1 {
		t.Errorf("one address has the masks %v", masks)
	}
}

// TestNames masks the names of a document: no two become one, nor one that stays.
func TestNames(t *testing.T) {
	document, want := map[string]int{}, 0
	for i := range 26 {
		for _, key := range []string{string(rune('a' + i)), string(rune('あ' + i)), strings.Repeat("-", i+1), fmt.Sprintf("a name of many words, %d", i)} {
			document[key] = i
			want++
		}
	}
	text, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	got, err := masker.Field(field(t, `j: JSON @pii(keys: ["a", "b", "c"])`), false).Value(string(text))
	names := regexp.MustCompile(`"[^"]*":`).FindAllString(got, -1)
	slices.Sort(names)
	if n := len(slices.Compact(names)); err != nil || n != want || !strings.Contains(got, `"a":`) || strings.Contains(got, "あ") {
		t.Errorf("%d names of %d: %v, %s", n, want, err, got)
	}
}

func TestImpossible(t *testing.T) {
	for declaration, value := range map[string]string{
		`a: String @pattern(regex: "^abc$") @pii`: "abc", `n: Float @pii`: "NaN", `n: Int @range(min: 5, max: 5) @pii`: "5", `d: Date @pii`: "infinity",
		`email: String @length(max: 9) @pii`: "a@b.c", `e: String @length(max: 3) @format(type: url) @pii`: "a://b",
	} {
		if got, err := masker.Field(field(t, declaration), false).Value(value); err == nil || strings.Contains(err.Error(), value) {
			t.Errorf("%s: %q: got %q, %v", declaration, value, got, err)
		}
	}
}

func TestSuspect(t *testing.T) {
	for declaration, want := range map[string]bool{
		`email: String`: true, `contact: String @format(type: email)`: true, `name: String`: true, `firstName: String`: true, `phone: String`: true, `ipAddress: String`: true,
		`born: Date`: true, `birthday: Date`: true, `street: String`: true, `email: String @pii`: false, `email: String @pii(kind: NONE)`: false, `title: String`: false,
		`emailed: Boolean`: false, `createdAt: DateTime`: false, `fileName: String`: false, `loginCount: Int`: false, `address: String @format(type: url)`: false,
	} {
		if got := mask.Suspect(field(t, declaration)); got != want {
			t.Errorf("%s: got %t", declaration, got)
		}
	}
}

func BenchmarkEmail(b *testing.B) {
	f := masker.Field(field(b, `email: String! @pii`), true)
	for i := range b.N {
		if _, err := f.Value(fmt.Sprintf("user%d@corp.example", i)); err != nil {
			b.Fatal(err)
		}
	}
}
