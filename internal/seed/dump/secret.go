package dump

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/krowoc/krowoc/internal/schema"
)

// secrets are the values of masked columns, to find them in other texts. They are kept as hashes of their first words, in lower case and
// from the first word on: "ada", "ada lindqvist". A few dozen bytes per value are enough, whatever its length.
type secrets map[hash]secret

// secret is the start of a value, or a value.
type secret struct {
	column  int32   // the number of the column, from 1, if the words are a whole value, or the start of one of more than mostWords
	around  [2]rune // the only character of the value before its words, such as + or @, and after them, such as a dot; 0 for none
	partial bool    // values with more words begin with these words
	listed  bool    // the value is not replaced in texts
}

const (
	shortestSecret   = 3  // characters of a value that is looked for; shorter ones are in too many texts
	mostWords        = 16 // that are looked for
	shortestReplaced = 6  // characters of a value that is replaced
)

// addRow adds the values of a row.
func (s secrets) addRow(t *table, v values) {
	for c := range t.columns {
		column := &t.columns[c]
		if !column.secret || v[c] == nil {
			continue
		}
		if !column.list {
			s.add(column, *v[c])
			continue
		}
		elements, _ := listOf(*v[c]) // masking reports the error
		for _, e := range elements {
			if e != nil {
				s.add(column, *e)
			}
		}
	}
}

// isSecret reports whether the values of a masked field are looked for in other texts.
func isSecret(f *schema.Field) bool {
	switch f.Type.Scalar {
	case schema.Boolean, schema.Bytes, schema.Vector, schema.JSON:
		return false
	}
	return f.Type.Enum == nil && f.Personal() && f.PII.Kind != schema.PIIText // a text of words that others use, too
}

func (s secrets) add(column *column, text string) {
	start := strings.IndexFunc(text, isWord)
	if start < 0 {
		return
	}
	end := strings.LastIndexFunc(text, isWord)
	_, size := utf8.DecodeRuneInString(text[end:])
	around := [2]rune{only(text[:start]), only(text[end+size:])}
	text = text[start : end+size]
	length := utf8.RuneCountInString(text)
	if length < shortestSecret {
		return
	}
	words, hash, rest := 0, emptyHash, text
	for words < mostWords && rest != "" {
		if words > 0 {
			before := s[hash]
			before.partial = true
			s[hash] = before
		}
		var n int
		hash, n = hash.gap(rest)
		rest = rest[n:]
		hash, n = hash.word(rest)
		rest = rest[n:]
		words++
	}
	whole := secret{column: column.number, around: around, partial: s[hash].partial}
	whole.listed = rest != "" || length < shortestReplaced || (words == 1 && !strings.ContainsFunc(text, unicode.IsDigit)) || !column.isText()
	before := s[hash]
	switch order := cmp.Or(cmp.Compare(whole.column, before.column), slices.Compare(whole.around[:], before.around[:])); {
	case before.column == 0 || order < 0: // the same of several, in whatever order they are read
		s[hash] = whole
	case order == 0 && whole.listed:
		before.listed = true
		s[hash] = before
	}
}

// only returns the only character of a text other than space, or 0.
func only(text string) rune {
	text = strings.TrimSpace(text)
	if r, n := utf8.DecodeRuneInString(text); n > 0 && n == len(text) {
		return r
	}
	return 0
}

// isText reports whether values of the column have the form that they have in texts. A number can mean anything there.
func (c *column) isText() bool {
	switch c.leaf.Type.Scalar {
	case schema.String, schema.ID, schema.Date, schema.DateTime:
		return true
	}
	return false
}

// find returns the first value in a text, as whole words from start to end. It returns a secret without a column if there is none.
func (s secrets) find(text string) (start, end int, found secret) {
	for start < len(text) {
		_, n := emptyHash.gap(text[start:])
		start += n
		hash, at := emptyHash, start
		for words := 0; words < mostWords && at < len(text); words++ {
			if words > 0 {
				hash, n = hash.gap(text[at:])
				at += n
			}
			hash, n = hash.word(text[at:])
			at += n
			here, known := s[hash]
			if !known {
				break
			}
			if here.column > 0 {
				end, found = at, here
			}
			if !here.partial {
				break
			}
		}
		if found.column > 0 {
			return start, end, found
		}
		_, n = emptyHash.word(text[start:])
		start += n
	}
	return start, start, secret{}
}

// hash is a hash of a text in lower case: FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/.
type hash uint64

const emptyHash hash = 14695981039346656037

// gap adds the characters before the next word, and returns their number of bytes.
func (h hash) gap(text string) (hash, int) { return h.while(text, false) }

// word adds the characters of a word.
func (h hash) word(text string) (hash, int) { return h.while(text, true) }

func (h hash) while(text string, inWord bool) (hash, int) {
	const prime = 1099511628211
	for i, r := range text {
		if isWord(r) != inWord {
			return h, i
		}
		h = (h ^ hash(unicode.ToLower(r))) * prime
	}
	return h, len(text)
}

func isNoWord(r rune) bool { return !isWord(r) }

func isWord(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}
