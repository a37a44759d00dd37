package sqltext_test

import (
	"slices"
	"testing"

	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

func TestRow(t *testing.T) {
	for sql, want := range map[string]struct {
		use     sqltext.RowUse
		renamed string
	}{
		"this.A || This.b":            {sqltext.RowUse{Columns: []string{"a", "b"}}, "t1.A || t1.b"},
		`"this"."A b" + this . c`:     {sqltext.RowUse{Columns: []string{"A b", "c"}}, `t1."A b" + t1 . c`},
		"'this.a' || /* this */ x":    {sqltext.RowUse{Columns: []string{"x"}}, "'this.a' || /* this */ x"},
		"f(this)":                     {sqltext.RowUse{Whole: true}, "f(t1)"},
		"row(this.*) IS NULL":         {sqltext.RowUse{Columns: []string{"is", "null"}, Whole: true}, "row(t1.*) IS NULL"},
		"(SELECT 1 WHERE this.a)":     {sqltext.RowUse{Columns: []string{"1", "where", "a"}, Queries: true}, "(SELECT 1 WHERE t1.a)"},
		"x.this + this(1) + $$this$$": {sqltext.RowUse{Columns: []string{"x", "this", "1"}}, "x.this + this(1) + $$this$$"},
		"this.":                       {sqltext.RowUse{}, "t1."},
		"this.a 'open":                {sqltext.RowUse{Columns: []string{"a"}}, "t1.a 'open"},
	} {
		use := sqltext.UseOfRow(sql, "this")
		if !slices.Equal(use.Columns, want.use.Columns) || use.Whole != want.use.Whole || use.Queries != want.use.Queries {
			t.Errorf("%s uses %+v, want %+v", sql, use, want.use)
		}
		if got := sqltext.RenameRow(sql, "this", "t1"); got != want.renamed {
			t.Errorf("%s becomes %s, want %s", sql, got, want.renamed)
		}
	}
}
