package manifest

import (
	"path"
	"regexp"
	"strings"
)

// Source is a file of a client.
type Source struct{ Name, Text string }

// embedded finds documents in TypeScript and JavaScript: gql`…`, graphql`…`, graphql(`…`) and /* GraphQL */ `…`.
var embedded = regexp.MustCompile("(?s)(?:\\b(?:gql|graphql)\\s*(?:<[^`;]*>)?\\s*\\(?\\s*|/\\*\\s*GraphQL\\s*\\*/\\s*)`((?:[^`\\\\]|\\\\.)*)`")

// interpolation is a fragment of another document within one. Fragments are known by their names, so that it can be left out.
var interpolation = regexp.MustCompile(`\$\{[^}]*\}`)

// documents returns the GraphQL text of a file. Everything else in it becomes spaces, so that positions stay those of the file.
func (s Source) documents() string {
	switch path.Ext(s.Name) {
	case ".ts", ".tsx", ".js", ".jsx", ".mts", ".mjs":
	default:
		return s.Text
	}
	var out strings.Builder
	end := 0
	for _, m := range embedded.FindAllStringSubmatchIndex(s.Text, -1) {
		out.WriteString(blank(s.Text[end:m[2]]))
		out.WriteString(interpolation.ReplaceAllStringFunc(s.Text[m[2]:m[3]], blank))
		end = m[3]
	}
	out.WriteString(blank(s.Text[end:]))
	return out.String()
}

// blank replaces each character that is not the end of a line by a space.
func blank(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' {
			return r
		}
		return ' '
	}, text)
}
