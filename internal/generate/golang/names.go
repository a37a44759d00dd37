package golang

import (
	"go/token"
	"strconv"
	"strings"
	"unicode"

	"github.com/krowoc/krowoc/internal/schema"
)

// initialisms are written in capitals (https://go.dev/wiki/CodeReviewComments#initialisms), as golint's list has them.
var initialisms = map[string]bool{
	"acl": true, "api": true, "ascii": true, "cpu": true, "css": true, "dns": true, "eof": true, "guid": true, "html": true, "http": true,
	"https": true, "id": true, "ip": true, "json": true, "lhs": true, "llm": true, "qps": true, "ram": true, "rhs": true, "rpc": true,
	"sla": true, "smtp": true, "sql": true, "ssh": true, "tcp": true, "tls": true, "ttl": true, "udp": true, "ui": true, "uid": true,
	"uri": true, "url": true, "utf8": true, "uuid": true, "vm": true, "xml": true, "xmpp": true, "xsrf": true, "xss": true,
}

// exported turns a name of the schema into an exported Go name: ownerId -> OwnerID, IN_REVIEW -> InReview.
func exported(name string) string {
	var b strings.Builder
	for _, word := range strings.Split(schema.SnakeCase(name), "_") {
		switch lower := strings.ToLower(word); {
		case word == "":
		case initialisms[lower]:
			b.WriteString(strings.ToUpper(lower))
		case initialisms[strings.TrimSuffix(lower, "s")] && len(lower) > 2:
			b.WriteString(strings.ToUpper(lower[:len(lower)-1]) + "s")
		default:
			b.WriteString(strings.ToUpper(lower[:1]) + lower[1:])
		}
	}
	if b.Len() == 0 || !unicode.IsLetter(rune(b.String()[0])) {
		return "X" + b.String()
	}
	return b.String()
}

// names makes the names in a scope unique.
type names map[string]bool

func (n names) take(name string) string {
	unique := name
	for i := 2; n[unique]; i++ {
		unique = name + "_" + strconv.Itoa(i)
	}
	n[unique] = true
	return unique
}

// packageName derives the name of a package from its folder.
func packageName(folder string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(folder) {
		if (r >= 'a' && r <= 'z') || (b.Len() > 0 && r >= '0' && r <= '9') {
			b.WriteRune(r)
		}
	}
	if name := b.String(); name != "" && !token.IsKeyword(name) {
		return name
	}
	return "models"
}
