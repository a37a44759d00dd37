package sqltext_test

import (
	"slices"
	"testing"

	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

func TestParams(t *testing.T) {
	for sql, want := range map[string]struct {
		names  []string
		single bool
		filled string
	}{
		"select $a, $b, $a":                      {[]string{"a", "b"}, true, "select <a>, <b>, <a>"},
		"select '$a' || $a -- $b":                {[]string{"a"}, true, "select '$a' || <a> -- $b"},
		"select $auth.uid, $request.time":        {[]string{"auth.uid", "request.time"}, true, "select <auth.uid>, <request.time>"},
		"select $row.x, $1, $$ $a $$":            {[]string{"row", "1"}, true, "select <row>.x, <1>, $$ $a $$"},
		"select $a; drop table b":                {[]string{"a"}, false, "select <a>; drop table b"},
		"select 'open $a":                        {nil, false, "select 'open $a"},
		"select $a::text[] && array[$b]::text[]": {[]string{"a", "b"}, true, "select <a>::text[] && array[<b>]::text[]"},
	} {
		names, single := sqltext.Params(sql)
		if !slices.Equal(names, want.names) || single != want.single {
			t.Errorf("%s has the parameters %v, single %t", sql, names, single)
		}
		if got := sqltext.ReplaceParams(sql, func(name string) string { return "<" + name + ">" }); got != want.filled {
			t.Errorf("%s becomes %s, want %s", sql, got, want.filled)
		}
	}
}
