package mask

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/brianvoe/gofakeit/v7"

	"github.com/krowoc/krowoc/internal/schema"
	maker "github.com/krowoc/krowoc/internal/seed/make"
)

// attempts is the maximum number of attempts to find a mask of a text.
const attempts = 200

// text masks a text.
func (f *Field) text(text string) (string, error) {
	kind := f.kindOf(text)
	if short := utf8.RuneCountInString(text) < shortText; short && kind == schema.PIIText {
		kind = schema.PIICode
	}
	if kind == schema.PIICode || kind == schema.PIIPhone || kind == kindColor {
		if mask := letters(text, f.prefix, kind == kindColor).walk(f.Masker, maxTextSteps, f.fits); mask != "" {
			return mask, nil
		}
	}
	for attempt := range attempts {
		if mask := f.make(kind, text, strconv.Itoa(attempt)); mask != text && f.fits(mask) {
			return mask, nil
		}
	}
	return "", errNone
}

// urlScheme matches common URL schemes, which are kept. Other schemes may identify the owner.
var urlScheme = regexp.MustCompile(`^(?i:https?|s?ftp|ftps|wss?|ssh|git|ldaps?|mqtts?|amqps?|rediss?|postgres(?:ql)?|mysql|s3|gs)://`)

// make returns a mask, which may not fit.
func (f *Field) make(kind schema.PIIKind, text, attempt string) string {
	own := f.code(uniqueLength, string(kind), text, attempt) // makes the mask unique
	fake := func(name string) string {
		value, _ := maker.Fake(name, f.seed(string(kind), name, text, attempt))
		return value
	}
	switch kind {
	case schema.PIIEmail:
		local := strings.ToLower(maker.Letters(fake("firstName")) + "." + maker.Letters(fake("lastName")) + ".")
		return f.within(local, own, "@example.com")
	case schema.PIIName:
		name := fake("firstName")
		if strings.Contains(text, " ") {
			name += " " + fake("lastName")
		}
		return f.distinct(name, own)
	case schema.PIIAddress:
		return f.distinct(fake("address"), own)
	case schema.PIIURL:
		scheme := urlScheme.FindString(text)
		if scheme == "" {
			scheme = "https://"
		}
		return f.within(scheme+"example.com/", own, "")
	case kindHostname:
		return f.within("", own, ".example.com")
	case schema.PIIIP:
		return f.address(text)
	case kindUUID:
		return f.uuid(text, attempt)
	}
	if f.pattern != nil {
		return generated(f.pattern.String(), f.seed("pattern", text, attempt))
	}
	if !f.unique {
		own = ""
	}
	return f.words(text, own, f.seed("words", text, attempt))
}

func (m *Masker) seed(parts ...string) uint64 { return binary.BigEndian.Uint64(m.bits(8, parts...)) }

// uniqueLength is a number of letters and digits: 61 bits.
const uniqueLength = 12

// within joins before, code and after. It shortens code and before if the text is too long.
func (f *Field) within(before, code, after string) string {
	if over := len(before) + len(code) + len(after) - f.most; f.most > 0 && over > 0 {
		if !strings.Contains(before, "://") {
			cut := min(over, len(before))
			before, over = before[:len(before)-cut], over-cut
			before = strings.TrimSuffix(before, ".")
			if before != "" {
				before = before[:len(before)-1] + "."
			}
		}
		code = code[:max(len(code)-max(over, 0), 1)]
	}
	return before + code + after
}

// distinct shortens a text to the maximum length, and makes it unique if the field is.
func (f *Field) distinct(text, code string) string {
	runes := []rune(text)
	if !f.unique {
		if f.most > 0 && len(runes) > f.most {
			runes = runes[:f.most]
		}
		for i := 0; len(runes) < f.least; i++ {
			runes = append(runes, rune(code[i%len(code)]))
		}
		return strings.TrimSpace(string(runes))
	}
	if f.most > 0 {
		code = code[:min(len(code), f.most)]
		runes = runes[:max(0, min(len(runes), f.most-len(code)-1))]
	}
	return strings.TrimSpace(string(runes) + " " + code)
}

// shortText is the length in runes below which the letters of a text are permuted. A longer text becomes words.
const shortText = 16

// words returns a text with the same length and line breaks as another one. It starts with a code if it must be unique.
func (f *Field) words(text, code string, seed uint64) string {
	runes := []rune(text)
	out := make([]rune, 0, len(runes))
	if code != "" {
		out = append(out, []rune(code+" ")...)
	}
	for len(out) < len(runes) {
		word, _ := maker.Fake("word", seed, strconv.Itoa(len(out)))
		out = append(out, []rune(word+" ")...)
	}
	out = out[:len(runes)]
	for i, c := range runes {
		if c == '\n' && i > len(code) {
			out[i] = c
		}
	}
	if last := len(out) - 1; last >= 0 && out[last] == ' ' {
		out[last] = '.'
	}
	return string(out)
}

// generated returns a text that should match a regular expression.
func generated(pattern string, seed uint64) string {
	return gofakeit.New(seed).Regex(strings.TrimSuffix(strings.TrimPrefix(pattern, "^"), "$"))
}

// prefixLength matches the prefix length of an IP network. Any other text after a slash is masked.
var prefixLength = regexp.MustCompile(`/[0-9]{1,3}$`)

// address masks an IP address. It permutes IPv4 addresses. IPv6 addresses and invalid ones become addresses in the documentation prefix of
// RFC 3849.
func (f *Field) address(text string) string {
	prefix := prefixLength.FindString(text)
	host := strings.TrimSuffix(text, prefix)
	if !ipv4.MatchString(host) {
		b := f.bits(12, "ipv6", host)
		out := "2001:db8"
		for i := 0; i < len(b); i += 2 {
			out += fmt.Sprintf(":%x", binary.BigEndian.Uint16(b[i:]))
		}
		return out + prefix
	}
	var octets []int64
	for o := range strings.SplitSeq(host, ".") {
		n, _ := strconv.ParseInt(o, 10, 64) // the pattern matches digits
		octets = append(octets, n)
	}
	octets = f.permutation("ipv4", []int64{256, 256, 256, 256}).walk(octets, 1, func([]int64) bool { return true })
	return fmt.Sprintf("%d.%d.%d.%d%s", octets[0], octets[1], octets[2], octets[3], prefix)
}

// uuid masks a UUID with one of the same version.
func (f *Field) uuid(text, attempt string) string {
	b := f.bits(16, "uuid", strings.ToLower(text), attempt)
	out := []byte(hex.EncodeToString(b))
	out[12], out[16] = '4', "89ab"[b[8]&3]
	if len(text) == 36 {
		out[12] = text[14]
	}
	s := string(out)
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}
