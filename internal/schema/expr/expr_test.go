package expr_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/expr"
)

// shop is a small schema: Item has an owner and tags, User has a team, Team has members.
func shop() *schema.Schema {
	status := &schema.Enum{Name: "Status", DBName: "status", Values: []schema.EnumValue{{Name: "OPEN"}, {Name: "DONE"}}}
	user, team, item := table("User"), table("Team"), table("Item")
	add(item, "title", schema.FieldType{Scalar: schema.String, NonNull: true})
	add(item, "note", schema.FieldType{Scalar: schema.String})
	add(item, "price", schema.FieldType{Scalar: schema.Decimal, NonNull: true})
	add(item, "count", schema.FieldType{Scalar: schema.Int, NonNull: true})
	add(item, "tags", schema.FieldType{Scalar: schema.String, List: true, NonNull: true, ElemNonNull: true})
	add(item, "status", schema.FieldType{Enum: status, NonNull: true})
	add(item, "at", schema.FieldType{Scalar: schema.DateTime, NonNull: true})
	add(item, "extra", schema.FieldType{Scalar: schema.JSON})
	refer(item, "owner", user)
	refer(user, "team", team)
	members := add(team, "members", schema.FieldType{Object: user, List: true, NonNull: true, ElemNonNull: true})
	members.Relation = &schema.Relation{Kind: schema.BackMany, Target: user, Inverse: user.Field("team")}
	return schema.New([]*schema.Type{user, team, item}, nil, []*schema.Enum{status})
}

func table(name string) *schema.Type {
	t := &schema.Type{Name: name, Table: schema.Plural(schema.SnakeCase(name))}
	t.Key = []*schema.Field{add(t, "id", schema.FieldType{Scalar: schema.ID, NonNull: true})}
	return t
}

func add(t *schema.Type, name string, ft schema.FieldType) *schema.Field {
	f := &schema.Field{Name: name, Owner: t, Type: ft, Column: schema.SnakeCase(name)}
	t.Fields = append(t.Fields, f)
	return f
}

func refer(t *schema.Type, name string, target *schema.Type) {
	f := add(t, name, schema.FieldType{Object: target, NonNull: true})
	f.Relation = &schema.Relation{Kind: schema.RefOne, Target: target, Columns: []string{name + "_id"}, References: target.Key}
}

// kind names the kinds of the tests: the use and, for values, the field.
func kind(s *schema.Schema, use expr.Use, field string) expr.Kind {
	if field == "" {
		return expr.Kind{Use: use}
	}
	return expr.Kind{Use: use, Field: s.Type("Item").Field(field)}
}

func TestCheckAccepts(t *testing.T) {
	s := shop()
	c := expr.New(s)
	for _, tc := range []struct {
		use   expr.Use
		field string
		src   string
	}{
		{expr.Check, "", "this.title != '' && this.count >= 0"},
		{expr.Check, "", "this.note == null || size(this.note) > 3"},
		{expr.Check, "", "!has(this.note) || this.title.startsWith(this.note)"},
		{expr.Check, "", "this.price >= 0 && this.price > this.count"},
		{expr.RuleWhere, "", "this.tags.all(t, t.matches('^[a-z]+$')) && 'a' in this.tags"},
		{expr.Check, "", "size(this.tags) < 3 && 'a' in this.tags"},
		{expr.Check, "", "this.status in ['OPEN', 'DONE']"},
		{expr.Check, "", "this.owner.id != this.id"},
		{expr.IndexWhere, "", "this.status == 'OPEN' && this.at > timestamp('2020-01-01T00:00:00Z')"},
		{expr.RuleWhere, "", "this.owner.team.members.exists(m, m.id == auth.uid) || 'admin' in auth.roles"},
		{expr.RuleWhere, "", "auth.uid != null && this.at < request.time + duration('24h')"},
		{expr.DefaultValue, "id", "uuidV7()"},
		{expr.DefaultValue, "owner", "auth.uid"},
		{expr.DefaultValue, "at", "request.time"},
		{expr.DefaultValue, "tags", "auth.roles"},
		{expr.DefaultValue, "tags", "[]"},
		{expr.DefaultValue, "status", "auth.uid == null ? 'OPEN' : 'DONE'"},
		{expr.UpdateValue, "count", "this.count + 1"},
		{expr.UpdateValue, "at", "request.time"},
	} {
		ast, issues := c.Check(tc.src, s.Type("Item"), kind(s, tc.use, tc.field))
		if len(issues) > 0 || ast == nil || !ast.IsChecked() {
			t.Errorf("%s: %+v", tc.src, issues)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	s := shop()
	c := expr.New(s)
	for _, tc := range []struct {
		use   expr.Use
		field string
		src   string
		want  string // offset+width message | remedy
	}{
		{expr.Check, "", "this.tilte != ''", "5+5 Item has no field tilte | did you mean title?"},
		{expr.Check, "", "title != ''", "0+5 there is no title in expressions | did you mean this.title?"},
		{expr.Check, "", "this.title", "0+10 the expression is a string, and a check must be a Boolean | compare it with something: … == …"},
		{expr.Check, "", "auth.uid == 'x'", `0+4 a check has no "auth" | it sees only this`},
		{expr.Check, "", "this.owner.team.id == ''", "11+4 a check sees the columns of one row: of owner it may read only the key | "},
		{expr.Check, "", "this.title == null", "11+2 == does not take (string, null) | the field is never null, so it need not be compared with null"},
		{expr.Check, "", "this.price == 0", "11+2 == does not take (double, int) | write whole numbers beside Float and Decimal fields with a point: 0.0"},
		{expr.Check, "", "this.title.fooBar()", `11+6 there is no function "fooBar" in expressions | expressions have size, startsWith, contains, matches, exists, all and has; docs/schema.md lists them all`},
		{expr.Check, "", "uuidV7() == this.id", "0+6 a check cannot use uuidV7(), which is different each time | "},
		{expr.RuleWhere, "", "this.status == 'OPNE'", "15+6 Status has no value \"OPNE\" | did you mean 'OPEN'?"},
		{expr.RuleWhere, "", "this.status in ['OPEN', 'NEVER']", "24+7 Status has no value \"NEVER\" | its values are OPEN, DONE"},
		{expr.RuleWhere, "", "auth.user == 'x'", "5+4 auth has no field user | it has uid, roles"},
		{expr.RuleWhere, "", "this.title ==", "12+1 the expression does not parse: it ends too early | "},
		{expr.DefaultValue, "count", "this.count", `0+4 a default has no "this" | it sees only auth, request`},
		{expr.DefaultValue, "count", "'x'", "0+3 the expression is a string, and a default of count must be a whole number | change the expression, or the type of the field"},
		{expr.DefaultValue, "status", "'OPEN1'", "0+7 Status has no value \"OPEN1\" | did you mean 'OPEN'?"},
	} {
		_, issues := c.Check(tc.src, s.Type("Item"), kind(s, tc.use, tc.field))
		if len(issues) == 0 {
			t.Errorf("%s: accepted", tc.src)
			continue
		}
		i := issues[0]
		if got := fmt.Sprintf("%d+%d %s | %s", i.Offset, i.Width, i.Message, i.Remedy); got != tc.want {
			t.Errorf("%s:\n got %q\nwant %q", tc.src, got, tc.want)
		}
	}
}

// One Checker serves many goroutines, mistakes included.
func TestCheckConcurrently(t *testing.T) {
	s := shop()
	c := expr.New(s)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 50 {
				c.Check("this.tags.exists(t, t == nothing)", s.Type("Item"), expr.Kind{Use: expr.Check})
				src := fmt.Sprintf("this.owner.team.members.exists(m, m.id == auth.uid && %d > 0)", i)
				if _, issues := c.Check(src, s.Type("Item"), expr.Kind{Use: expr.RuleWhere}); len(issues) > 0 {
					t.Errorf("%+v", issues)
				}
			}
		})
	}
	wg.Wait()
}
