package golang

import (
	"go/format"
	"strings"
	"testing"
)

func TestNamesOfGo(t *testing.T) {
	for name, want := range map[string]string{
		"title": "Title", "ownerId": "OwnerID", "IN_REVIEW": "InReview", "apiKeyIds": "APIKeyIDs", "url": "URL", "urls": "URLs", "as": "As",
		"_": "X", "1st": "X1st", "httpStatus": "HTTPStatus",
	} {
		if got := exported(name); got != want {
			t.Errorf("%s is written %s, not %s", name, got, want)
		}
	}
	for folder, want := range map[string]string{"models": "models", "my-models2": "mymodels2", "type": "models", "2nd": "nd", "": "models", "Über": "ber"} {
		if got := packageName(folder); got != want {
			t.Errorf("the package of %q is %s, not %s", folder, got, want)
		}
	}
	taken := names{}
	for _, want := range []string{"A", "A_2", "A_3"} {
		if got := taken.take("A"); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}

// What is aligned without gofmt is as gofmt would align it.
func TestTableIsAlignedAsByGofmt(t *testing.T) {
	var rows table
	rows.add("", "ID", "uuid.UUID", "`json:\"id\"`")
	rows.add("", "Ünïcode", "*string", "`json:\"u\"`")
	rows.add("LongerName is below a comment.", "LongerName", "int", "`json:\"l\"`")
	rows.add("", "B", "[]string", "`json:\"b\"`")
	var b strings.Builder
	b.WriteString("package p\n\ntype T struct {\n")
	rows.write(&b)
	b.WriteString("}\n")
	want, err := format.Source([]byte(b.String()))
	if err != nil || string(want) != b.String() {
		t.Errorf("%v\n%s\nis, as gofmt writes it,\n%s", err, b.String(), want)
	}
}

func TestPlainComments(t *testing.T) {
	for text, want := range map[string]bool{"": true, "What it is.": true, " - a list": false, "two\nlines": false, "trailing ": false, "# heading": false} {
		if plain(text) != want {
			t.Errorf("%q: plain is %t", text, !want)
		}
	}
}
