package sdl_test

import (
	"strings"
	"testing"
)

// What Parse makes of testdata/valid, line by line of its dump.
func TestModel(t *testing.T) {
	for file, wants := range map[string][]string{
		"platform.graphql": {
			// names
			`type Prompt.Table = "prompts"`,
			`type Team.Table = "squads"`,
			`type Category.Table = "categories"`,
			`enum Visibility.DBName = "visibility"`,
			`enum Tier.RenamedFrom = "Plan"`,
			`enum Visibility.Values[1].RenamedFrom = "GROUP"`,
			`field Prompt.createdAt.Column = "created_at"`,
			`field User.email.Column = "mail"`,
			`field User.email.DataType = "citext"`,
			`field User.email.PII.Kind = ""`,
			// keys
			`field Prompt.id.Implicit = true`,
			`field Prompt.id.Default.Expr.Source = "uuidV7()"`,
			`type Prompt.Key[0] = Prompt.id`,
			`field User.id.Implicit = false`,
			`type Membership.Key[1] = Membership.team`,
			// references
			`field Prompt.owner.Relation.Kind = 1`,
			`field Prompt.owner.Column = "owner_id"`,
			`field Prompt.owner.Relation.OnDelete = "CASCADE"`,
			`field Prompt.owner.Relation.References[0] = User.id`,
			`field Prompt.owner.Relation.Inverse = User.prompts`,
			`field Prompt.team.Column = "squad"`,
			`field Prompt.team.Relation.OnDelete = "SET_NULL"`,
			`field Version.prompt.Relation.OnDelete = "RESTRICT"`,
			// references to a key of several columns, one of them a reference itself
			`field Run.version.Column = ""`,
			`field Run.version.Relation.Columns[0] = "version_prompt_id"`,
			`field Run.version.Relation.Columns[1] = "version_number"`,
			`field Run.version.Relation.References[0] = Version.prompt`,
			`field Run.fixed.Relation.Columns[0] = "fixed_prompt_id"`,
			`field Run.fixed.Relation.Columns[1] = "fixed_number"`,
			`field Run.fixed.Relation.Fields[0] = Run.fixedPrompt`,
			`field Run.retryOf.Relation.Columns[1] = "retry_of_started_at"`,
			// other ends
			`field User.prompts.Relation.Kind = 3`,
			`field User.prompts.Relation.Columns[0] = "owner_id"`,
			`field User.reviews.Relation.Inverse = Prompt.reviewer`,
			`field User.profile.Relation.Kind = 2`,
			`field Category.children.Relation.Inverse = Category.parent`,
			// many to many
			`field User.teams.Relation.Kind = 4`,
			`field User.teams.Relation.Through = Membership`,
			`field User.teams.Relation.ThisRef = Membership.user`,
			`field User.teams.Relation.TargetRef = Membership.team`,
			`field Label.prompts.Relation.Through = LabelPrompt`,
			`type LabelPrompt.Table = "labels_prompts"`,
			`type LabelPrompt.Join.Left = Label.prompts`,
			`type LabelPrompt.Key[0] = LabelPrompt.label`,
			`type LabelPrompt.Indexes[0].Name = "labels_prompts_prompt_id_idx"`,
			`field LabelPrompt.prompt.Relation.OnDelete = "CASCADE"`,
			`type PromptUserViaFavourites.Table = "favourites"`,
			`type UserFollowers.Table = "user_followers"`,
			`field UserFollowers.follower.Column = "follower_id"`,
			`field User.following.Relation.TargetRef = UserFollowers.following`,
			`field User.following.Relation.ThisRef = UserFollowers.follower`,
			// indexes and constraints
			`type Prompt.Indexes[0].Name = "prompts_title_idx"`,
			`type Prompt.Indexes[1].Method = "HNSW"`,
			`type Prompt.Indexes[2].Name = "prompts_visibility_created_at_idx"`,
			`type Prompt.Indexes[2].Fields[1].Desc = true`,
			`type Prompt.Indexes[4].Where.Source = "this.visibility == 'PUBLIC'"`,
			`type Prompt.Uniques[0].Name = "prompts_owner_id_title_key"`,
			`type Prompt.Checks[0].Name = "title_not_empty"`,
			`type Prompt.Checks[1].Name = "prompts_check1"`,
			`field Membership.role.Checks[0].Name = "memberships_role_check"`,
			`field Membership.role.Checks[1].Name = "memberships_role_check1"`,
			`field Money.currency.Constraints.Pattern = "^[A-Z]{3}$"`,
			`field Prompt.price.Constraints.Range.Max = "99999999999999999999.99"`,
			// values
			`field Prompt.price.Default.Value = "0.10"`,
			`field Prompt.scores.Default.Value[1] = float 2.5`,
			`field Prompt.count.Default.Value = -9223372036854775808`,
			`field Prompt.settings.Default.Value.n = 2`,
			`field Prompt.settings.Default.Value.f = float 2`,
			`field Prompt.settings.Default.Value.nested[0] = true`,
			`field Prompt.slug.Default.SQL = "md5(random()::text)"`,
			`field Prompt.updatedAt.OnUpdate.Source = "request.time"`,
			// rules
			`type Prompt.Rules[0].Field = Prompt.owner`,
			`type Prompt.Rules[0].Operations has 4`,
			`type Prompt.Rules[1].Operations has 1`,
			`type Prompt.Rules[2].Roles[1] = "support \"L2\""`,
			`enum Tier.Tiers = true`,
			`type Prompt.Rules[3].Tiers has 2`,
			`type Prompt.Rules[3].Tiers[0] = "POWER"`,
			`type Prompt.Rules[4].Where.Source = "this.team != null\n  && this.team.members.exists(m, m.id == auth.uid)"`,
			`field Prompt.secret.Auth = true`,
			`field Prompt.secret.Rules has 0`,
			`field Prompt.body.Auth = false`,
			`field Prompt.visibility.Rules[0].Operations[0] = "READ"`,
			`type Prompt.Description = "A prompt.\n\n  With \"\"\" in it."`,
		},
		"through.graphql": {
			`field Person.friends.Relation.ThisRef = Friendship.person`,
			`field Person.friends.Relation.TargetRef = Friendship.friend`,
			`field Person.friendOf.Relation.ThisRef = Friendship.friend`,
			`type Person.Table = "people"`,
			`field Post.tags.Relation.Through = Tagging`,
			`type AuthorPostViaPostEditors.Table = "post_editors"`,
			`field Lid.box.Relation.Kind = 2`,
			`field Lid.box.Relation.Columns[0] = "lid_id"`,
			`field Box.owner.Relation.Kind = 1`,
		},
	} {
		dumped := dump(parse(t, read(t, "testdata/valid/"+file)))
		for _, want := range wants {
			if !strings.Contains(dumped, "\n"+want+"\n") && !strings.HasPrefix(dumped, want+"\n") {
				t.Errorf("%s: no %s", file, want)
			}
		}
	}
}

// Moving definitions about in the file must not rename anything in the database.
func TestOrderOfDefinitionsDoesNotMatter(t *testing.T) {
	const a, b = "type A @table @auth(rules: []) { bs: [B!]! x: B y: C }\n", "type B @table @auth(rules: []) { as: [A!]! @inverse(field: \"bs\") }\n"
	const c = "type C @table(key: [\"b\"]) @auth(rules: []) { b: B! }\n"
	one, other := parse(t, a+b+c), parse(t, c+b+a)
	for _, name := range []string{"A", "B", "C", "AB"} {
		x, y := one.Type(name), other.Type(name)
		if x == nil || y == nil || x.Table != y.Table || len(x.Fields) != len(y.Fields) {
			t.Fatalf("%s: %v and %v", name, x, y)
		}
		for i := range x.Fields {
			if strings.Join(x.Fields[i].Columns(), " ") != strings.Join(y.Fields[i].Columns(), " ") {
				t.Errorf("%s.%s: %v and %v", name, x.Fields[i].Name, x.Fields[i].Columns(), y.Fields[i].Columns())
			}
		}
	}
}
