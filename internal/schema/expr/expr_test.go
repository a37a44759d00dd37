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
		{expr.Check, "", "this.tilte != ''", `5+5 type "Item" has no field "tilte" | did you mean "title"?`},
		{expr.Check, "", "title != ''", `0+5 unknown name "title" | did you mean "this.title"?`},
		{expr.Check, "", "this.title", "0+10 the expression returns a string, but @check requires a Boolean | compare the value: … == …"},
		{expr.Check, "", "auth.uid == 'x'", `0+4 "auth" is not available in @check | use only this`},
		{expr.Check, "", "this.owner.team.id == ''", `11+4 @check can only read the columns of its own row: of "owner", only the key | `},
		{expr.Check, "", "this.title == null", "11+2 == cannot be applied to (string, null) | remove the comparison with null: the field is never null"},
		{expr.Check, "", "this.price == 0", "11+2 == cannot be applied to (double, int) | write whole numbers with a decimal point next to Float and Decimal fields: 0.0"},
		{expr.Check, "", "this.title.fooBar()", `11+6 unknown function "fooBar" | use size, startsWith, contains, matches, exists, all or has; docs/schema.md lists all functions`},
		{expr.Check, "", "uuidV7() == this.id", "0+6 @check cannot use uuidV7(), which returns a different value each time | "},
		{expr.RuleWhere, "", "this.status == 'OPNE'", "15+6 enum \"Status\" has no value \"OPNE\" | did you mean 'OPEN'?"},
		{expr.RuleWhere, "", "this.status in ['OPEN', 'NEVER']", "24+7 enum \"Status\" has no value \"NEVER\" | use one of OPEN, DONE"},
		{expr.RuleWhere, "", "auth.user == 'x'", `5+4 auth has no field "user" | use one of uid, roles`},
		{expr.RuleWhere, "", "this.title ==", "12+1 invalid expression: unexpected end | "},
		{expr.DefaultValue, "count", "this.count", `0+4 "this" is not available in @default | use only auth, request`},
		{expr.DefaultValue, "count", "'x'", `0+3 the expression returns a string, but @default on "count" requires an integer | change the expression or the type of the field`},
		{expr.DefaultValue, "status", "'OPEN1'", "0+7 enum \"Status\" has no value \"OPEN1\" | did you mean 'OPEN'?"},
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
