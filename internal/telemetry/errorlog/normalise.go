package errorlog

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxMessage is how many bytes of a message are kept.
const maxMessage = 400

// What replaces values in a message.
const (
	aNumber  = "#"
	anEmail  = "‹email›"
	aURL     = "‹url›"
	aHost    = "‹host›"
	aPath    = "‹path›"
	aSecret  = "‹secret›"
	someText = "…"

	replacements = "‹›…" // characters of the above that are not ASCII
)

// Normalise replaces in a message what differs from one occurrence to the next and may be secret or personal: quoted text, URLs, e-mail
// addresses, hosts with a port, absolute paths, tokens, IDs and numbers.
func Normalise(message string) string {
	const enough = 4 * maxMessage // what is replaced is longer than what replaces it
	isCut := strings.HasSuffix(message, someText)
	if len(message) > enough {
		message, isCut = message[:enough], true
	}
	message = strings.ToValidUTF8(message, "")
	words := strings.Fields(withoutQuoted(message, isCut))
	for i, w := range words {
		words[i] = word(w, i > 0 && isScheme(words[i-1]))
	}
	return clip(strings.Join(words, " "), maxMessage)
}

// isScheme reports whether what follows a word is a credential.
func isScheme(w string) bool {
	w = strings.ToLower(strings.TrimRight(w, ":="))
	return w == "bearer" || w == "basic" || w == "token" || w == "password" || w == "secret"
}

// withoutQuoted replaces the text in quotes, in the forms of Go, JSON, SQL and JavaScript. An apostrophe within a word is none. The closing
// quote of a text that was cut may be missing.
func withoutQuoted(s string, isCut bool) string {
	if !strings.ContainsAny(s, "\"'`“") {
		return s
	}
	var b strings.Builder
	before := ' '
	for s != "" {
		r, size := utf8.DecodeRuneInString(s)
		end := -1
		if isQuote(r, before) {
			end = endOfQuoted(s[size:], r, isCut)
		}
		if end < 0 {
			b.WriteRune(r)
			before, s = r, s[size:]
			continue
		}
		b.WriteString(s[:size] + someText)
		s = s[size+end:]
		if s != "" {
			closing, n := utf8.DecodeRuneInString(s)
			b.WriteRune(closing)
			before, s = closing, s[n:]
		}
	}
	return b.String()
}

func isQuote(r, before rune) bool {
	return r == '"' || r == '`' || r == '“' || (r == '\'' && !isOfWord(before))
}

func isOfWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// endOfQuoted returns where the closing quote is. Text that nothing closes goes on to the end, but a single quote in a whole message may
// then be an apostrophe. A single quote before a letter or digit closes only if no other one does: 'Anne O'Neil'.
func endOfQuoted(s string, quote rune, isCut bool) int {
	closing := quote
	if quote == '“' {
		closing = '”'
	}
	escaped, apostrophe := false, -1
	for i, r := range s {
		switch {
		case escaped:
			escaped = false
		case r == '\\' && quote != '`':
			escaped = true
		case r == '\'' && r == closing && startsWithWord(s[i+1:]):
			apostrophe = i
		case r == closing:
			return i
		}
	}
	if quote == '\'' && !isCut {
		return apostrophe
	}
	return len(s)
}

func startsWithWord(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return isOfWord(r)
}

// word replaces a word that is a value. credential tells that it follows the word Bearer or its likes.
func word(w string, credential bool) string {
	body := strings.Trim(w, `.,;:()[]{}<>"'`+"`")
	switch {
	case body == "":
		return w
	case variable.MatchString(body):
		return strings.Replace(w, body, "$"+someText, 1)
	case credential && isLikeToken(body):
		return aSecret
	case isPlain(body):
		return w
	case strings.Contains(body, "://"):
		return strings.Replace(w, body, aURL, 1)
	case strings.ContainsRune(body, '@') && !strings.HasPrefix(body, "@"):
		return strings.Replace(w, body, anEmail, 1)
	case len(body) > shortestSecret && secretForm.MatchString(body):
		return strings.Replace(w, body, aSecret, 1)
	case strings.ContainsRune(body, ':') && hostPort.MatchString(body):
		return strings.Replace(w, body, aHost, 1)
	case strings.ContainsAny(body, `/\`) && absolutePath.MatchString(body):
		return strings.Replace(w, body, aPath, 1)
	case !strings.ContainsAny(body, "0123456789") && len(body) < shortestID:
		return w
	}
	w = numbers.ReplaceAllString(ids.ReplaceAllString(w, aNumber), aNumber)
	if strings.HasPrefix(w, "-"+aNumber) {
		return w[1:] // the sign is part of the value
	}
	return w
}

// Lengths in bytes.
const (
	shortestSecret = 8
	shortestID     = 24 // of one without digits
)

// isPlain reports whether a word is one of a language, and no value that has a form.
func isPlain(body string) bool {
	if len(body) >= shortestID {
		return false
	}
	for _, r := range body {
		if !unicode.IsLetter(r) && r != '-' && r != '…' && r != '\'' {
			return false
		}
	}
	return true
}

// isLikeToken tells a credential from the next word of a sentence.
func isLikeToken(body string) bool {
	return len(body) >= 16 || strings.ContainsAny(body, "0123456789")
}

var (
	// secretForm is a JSON Web Token, an API key of Krowoc or of a provider, or name=value with a secret name.
	secretForm = regexp.MustCompile(`^(eyJ[\w-]+\.[\w-]+(\.[\w-]*)?|(krowoc|kw|sk|pk|rk|ghp|gho|ghs|github_pat|xox[a-z])[-_][\w-]{8,}|AKIA\w{12,}|AIza[\w-]{20,}|(?i:[\w.-]*(pass(word|wd)?|secret|token|api[-_]?key)["']?[=:].+))$`)

	// variable is one of GraphQL, whose name the client chose, and a path in it.
	variable = regexp.MustCompile(`^\$[\w.[\]]+$`)

	hostPort     = regexp.MustCompile(`^(\[[0-9a-fA-F:.]+\]|[\w.-]+):\d{1,5}(->.*)?$`)
	absolutePath = regexp.MustCompile(`^(/[^/\s]+|[A-Za-z]:\\).*$`)

	// ids are UUIDs, hexadecimal numbers and long strings that mix letters and digits.
	ids     = regexp.MustCompile(`(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|0x[0-9a-f]+|\b[0-9a-f]*[0-9][0-9a-f]{7,}\b|\b[\w-]{24,}\b`)
	numbers = regexp.MustCompile(`[0-9]+([.,:][0-9]+)*`)
)

// clip cuts a text at a limit of bytes. It copies, so that the rest can be freed.
func clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.Clone(strings.ToValidUTF8(s[:limit-len(someText)], "")) + someText
}

var notInName = regexp.MustCompile(`[^\w .:/-]`)

// name returns the name of an operation that a client chose, as far as it can be one.
func name(s string) string {
	if s == "" {
		return ""
	}
	return clip(notInName.ReplaceAllString(clip(s, 80), ""), 80)
}

// release returns what a front end says its release is, if it can be one, or else a default.
func release(s, otherwise string) string {
	if s == "" || len(s) > 64 || notInRelease.MatchString(s) {
		return otherwise
	}
	return s
}

var notInRelease = regexp.MustCompile(`[^\w.+-]`)
