package diff_test

import (
	"slices"
	"testing"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/diff"
	"github.com/krowoc/krowoc/internal/schema/sdl"
)

func parse(t *testing.T, text string) *schema.Schema {
	t.Helper()
	s, mistakes := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: text})
	if err := mistakes.Err("parse"); err != nil {
		t.Fatalf("%v\n%s", mistakes, text)
	}
	return s
}

// Every kind of change, as clients, data and models see it.
func TestCompare(t *testing.T) {
	in := func(fields string) string { return "type A @table @auth(rules: []) { " + fields + " }" }
	tiered := func(tiers, atLeast string) string {
		return "enum T @tiers { " + tiers + " } type A @table @auth(rules: [{ allow: TIER, atLeast: " + atLeast + " }]) { x: Int }"
	}
	for name, tt := range map[string]struct {
		before, after string
		want          []string // kind path clients data models
	}{
		"nothing":      {in("x: Int"), in("x: Int"), nil},
		"type added":   {in("x: Int"), in("x: Int") + " type B @table @auth(rules: []) { x: Int }", []string{"type-added B safe safe safe"}},
		"type removed": {in("x: Int") + " type B @table @auth(rules: []) { x: Int }", in("x: Int"), []string{"type-removed B breaking dangerous breaking"}},
		"type renamed": {in("x: Int"), `type B @table @renamed(from: "A") @auth(rules: []) { x: Int }`, []string{"type-renamed B breaking safe breaking"}},
		"table":        {in("x: Int"), `type A @table(name: "z") @auth(rules: []) { x: Int }`, []string{"table-changed A safe breaking dangerous"}},
		"key":          {in("x: Int!"), `type A @table(key: ["x"]) @auth(rules: []) { x: Int! }`, []string{"key-changed A breaking breaking breaking", "field-removed A.id breaking dangerous breaking"}},
		"metric added": {`enum E { X } type A @table @auth(rules: []) { e: E x: Int }`,
			`enum E { X } type A @table @metric(name: "rows", by: ["e"]) @metric(name: "cost", sum: "x") @auth(rules: []) { e: E x: Int }`,
			[]string{"metric-added A safe safe safe", "metric-added A safe safe safe"}},
		"description":      {in("x: Int"), in(`"Says." x: Int`), []string{"description-changed A.x safe safe safe"}},
		"api name":         {in("x: Int"), in(`x: Int @api(name: "y")`), []string{"api-name-changed A.x breaking safe safe"}},
		"api plural":       {in("x: Int"), `type A @table @api(plural: "all") @auth(rules: []) { x: Int }`, []string{"api-name-changed A breaking safe safe"}},
		"api hidden":       {in("x: Int"), in("x: Int @api(hide: [READ])"), []string{"api-hidden A.x breaking safe safe"}},
		"api shown":        {in("x: Int @api(hide: [CREATE])"), in("x: Int"), []string{"api-shown A.x safe safe safe"}},
		"computed added":   {in("x: Int"), in(`x: Int y: Int @sql(expr: "this.x")`), []string{"field-added A.y safe safe safe"}},
		"computed removed": {in(`x: Int y: Int @function(name: "f")`), in("x: Int"), []string{"field-removed A.y breaking safe safe"}},
		"computed changed": {in(`x: Int y: Int @sql(expr: "this.x")`), in(`x: Int y: String @sql(expr: "this.x::text")`),
			[]string{"type-changed A.y breaking safe safe", "computed-changed A.y dangerous safe safe"}},
		"view added": {in("x: Int"), in("x: Int") + " type V @view @auth(rules: []) { id: ID! }", []string{"type-added V safe safe safe"}},
		"view changed": {in("x: Int") + " type V @view @auth(rules: []) { id: ID! y: Int }", in("x: Int") + ` type V @view(name: "w") @auth(rules: []) { id: ID! }`,
			[]string{"table-changed V safe breaking dangerous", "field-removed V.y breaking dangerous breaking"}},
		"custom added":   {in("x: Int"), in("x: Int") + ` extend type Query { q: Int @sql(query: "select 1") @auth(rules: []) }`, []string{"field-added Query.q safe safe safe"}},
		"custom removed": {in("x: Int") + ` extend type Mutation { q: Int @sql(query: "select 1") @auth(rules: []) }`, in("x: Int"), []string{"field-removed Mutation.q breaking safe safe"}},
		"custom arguments": {in("x: Int") + ` extend type Query { q(a: Int, b: Int, c: Int = 1): Int @sql(query: "select 1") @auth(rules: []) }`,
			in("x: Int") + ` extend type Query { q(b: Int!, c: Int = 2, d: Int, e: Int!): Int @sql(query: "select 2") @auth(rules: []) }`,
			[]string{
				"argument-changed Query.q breaking safe safe", "required-argument-added Query.q breaking safe safe", "argument-removed Query.q breaking safe safe",
				"argument-changed Query.q dangerous safe safe", "computed-changed Query.q dangerous safe safe", "argument-added Query.q safe safe safe",
			}},
		"deprecated":       {in("x: Int"), in("x: Int @deprecated"), []string{"deprecated A.x safe safe safe"}},
		"value deprecated": {"enum E { P } " + in("x: E"), `enum E { P @deprecated(reason: "why") } ` + in("x: E"), []string{"deprecated E.P safe safe safe"}},
		"deprecation":      {in("x: Int @deprecated"), in("x: Int"), []string{"deprecation-removed A.x safe safe safe"}},
		"reason":           {in("x: Int @deprecated"), in(`x: Int @deprecated(reason: "why")`), []string{"deprecation-changed A.x safe safe safe"}},
		"field added":      {in("x: Int"), in("x: Int y: Int"), []string{"field-added A.y safe safe safe"}},
		"required added":   {in("x: Int"), in("x: Int y: Int!"), []string{"required-field-added A.y breaking breaking breaking"}},
		"with default":     {in("x: Int"), in("x: Int y: Int! @default(value: 1)"), []string{"field-added A.y safe safe safe"}},
		"field removed":    {in("x: Int y: Int"), in("x: Int"), []string{"field-removed A.y breaking dangerous breaking"}},
		"field renamed":    {in("x: Int"), in(`y: Int @renamed(from: "x")`), []string{"field-renamed A.y breaking safe breaking"}},
		"type changed":     {in("x: Int"), in("x: String"), []string{"type-changed A.x breaking dangerous breaking"}},
		"list":             {in("x: Int"), in("x: [Int]"), []string{"type-changed A.x breaking dangerous breaking"}},
		"elements":         {in("x: [Int]"), in("x: [Int!]"), []string{"elements-changed A.x dangerous dangerous breaking"}},
		"nullable":         {in("x: Int!"), in("x: Int"), []string{"nullable A.x breaking safe breaking"}},
		"required":         {in("x: Int"), in("x: Int!"), []string{"required A.x breaking dangerous breaking"}},
		"column":           {in("x: Int"), in(`x: Int @col(name: "z")`), []string{"column-changed A.x safe breaking dangerous"}},
		"data type":        {in("x: String"), in(`x: String @col(dataType: "citext")`), []string{"data-type-changed A.x safe dangerous safe"}},
		"default added":    {in("x: Int!"), in("x: Int! @default(value: 1)"), []string{"default-added A.x safe safe safe"}},
		"default removed":  {in("x: Int! @default(value: 1)"), in("x: Int!"), []string{"default-removed A.x breaking safe breaking"}},
		"default changed":  {in("x: Int @default(value: 1)"), in("x: Int @default(value: 2)"), []string{"default-changed A.x dangerous safe safe"}},
		"length tightened": {in("x: String @length(max: 9)"), in("x: String @length(max: 8)"), []string{"length-tightened A.x dangerous dangerous dangerous"}},
		"length loosened":  {in("x: String @length(min: 2)"), in("x: String @length(min: 1)"), []string{"length-loosened A.x safe safe safe"}},
		"range tightened":  {in("x: Int"), in("x: Int @range(min: 0)"), []string{"range-tightened A.x dangerous dangerous dangerous"}},
		"range loosened":   {in("x: Int @range(min: 9)"), in("x: Int @range(min: -10)"), []string{"range-loosened A.x safe safe safe"}},
		"pattern":          {in("x: String"), in(`x: String @pattern(regex: "a")`), []string{"pattern-changed A.x dangerous dangerous dangerous"}},
		"no format":        {in("x: String @format(type: url)"), in("x: String"), []string{"format-removed A.x safe safe safe"}},
		"personal":         {in("x: Int"), in("x: Int @pii"), []string{"pii-added A.x safe safe safe"}},
		"not personal":     {in("x: String @pii"), in("x: String @pii(kind: NONE)"), []string{"pii-removed A.x safe safe safe"}},
		"unique":           {in("x: Int"), in("x: Int @unique"), []string{"unique-added A.x dangerous dangerous safe"}},
		"not unique":       {in("x: Int @unique"), in("x: Int"), []string{"unique-removed A.x safe safe safe"}},
		"check":            {in("x: Int"), in(`x: Int @check(expr: "this.x > 0")`), []string{"check-added A.x dangerous dangerous dangerous"}},
		"index":            {in("x: Int"), in("x: Int @index"), []string{"index-added A safe safe safe"}},
		"uniques":          {in("x: Int y: Int"), `type A @table @unique(fields: ["x", "y"]) @auth(rules: []) { x: Int y: Int }`, []string{"unique-added A safe dangerous safe"}},
		"on delete": {
			in("x: B") + " type B @table @auth(rules: []) { y: Int }", in("x: B @ref(onDelete: CASCADE)") + " type B @table @auth(rules: []) { y: Int }",
			[]string{"on-delete-changed A.x dangerous dangerous safe"},
		},
		"rule added":   {in("x: Int"), "type A @table @auth(rules: [{ allow: PUBLIC }]) { x: Int }", []string{"rule-added A dangerous safe safe"}},
		"rule removed": {"type A @table @auth(rules: [{ allow: PUBLIC }]) { x: Int }", in("x: Int"), []string{"rule-removed A breaking safe safe"}},
		"live added":   {in("x: Int"), "type A @table @live @auth(rules: []) { x: Int }", []string{"live-added A safe safe safe"}},
		"live removed": {"type A @table @live @auth(rules: []) { x: Int }", in("x: Int"), []string{"live-removed A breaking safe safe"}},
		"event added": {
			in("x: Int"), `type A @table @track(event: "a", on: [CREATE], properties: ["x"]) @auth(rules: []) { x: Int }`, []string{"event-added A safe safe safe"},
		},
		"event changed": {
			`type A @table @track(event: "a", on: [CREATE]) @auth(rules: []) { x: Int }`, `type A @table @track(event: "a", on: [DELETE]) @auth(rules: []) { x: Int }`,
			[]string{"event-added A safe safe safe", "event-removed A safe safe safe"},
		},
		"fresh added": {
			"type A @table @auth(rules: [{ allow: PUBLIC }]) { x: Int }", `type A @table @auth(rules: [{ allow: PUBLIC }], fresh: "5m", freshFor: [DELETE]) { x: Int @auth(fresh: "1h") }`,
			[]string{"fresh-tightened A.x breaking safe safe", "fresh-tightened A breaking safe safe"},
		},
		"fresh changed": {
			`type A @table @auth(rules: [{ allow: PUBLIC }], fresh: "10m", freshFor: [READ, DELETE]) { x: Int }`, `type A @table @auth(rules: [{ allow: PUBLIC }], fresh: "5m", freshFor: [DELETE]) { x: Int }`,
			[]string{"fresh-tightened A breaking safe safe", "fresh-relaxed A dangerous safe safe"},
		},
		"fresh removed":     {in("x: Int @auth(fresh: \"1h\")"), in("x: Int"), []string{"fresh-relaxed A.x dangerous safe safe"}},
		"field rules":       {in("x: Int"), in("x: Int @auth(rules: [])"), []string{"field-rules-added A.x breaking safe safe"}},
		"tier rule added":   {"enum T @tiers { P Q } " + in("x: Int"), tiered("P Q", "Q"), []string{"rule-added A dangerous safe safe"}},
		"tier rule removed": {tiered("P Q", "Q"), "enum T @tiers { P Q } " + in("x: Int"), []string{"rule-removed A breaking safe safe"}},
		"tier lowered":      {tiered("P Q", "Q"), tiered("P Q", "P"), []string{"tier-lowered A dangerous safe safe"}},
		"tier raised":       {tiered("P Q R", "P"), tiered("P Q R", "R"), []string{"tier-raised A breaking safe safe"}},
		"tier by role":      {tiered("P Q", "Q"), `enum T @tiers { P Q } type A @table @auth(rules: [{ allow: ROLE, roles: ["Q"] }]) { x: Int }`, []string{"rule-removed A breaking safe safe", "rule-added A dangerous safe safe"}},
		"tiers reordered":   {tiered("P Q R", "Q"), tiered("Q P R", "P"), []string{"tier-raised A breaking safe safe", "tier-lowered A dangerous safe safe"}},
		"tier moved":        {tiered("P Q R", "Q"), tiered("Q P R", "Q"), []string{"tier-lowered A dangerous safe safe"}},
		"tier inserted":     {tiered("P Q", "P"), tiered("P X Q", "P"), []string{"value-added T.X dangerous safe dangerous"}},
		"tier renamed":      {tiered("P Q", "Q"), tiered(`P Z @renamed(from: "Q")`, "Z"), []string{"value-renamed T.Z breaking safe breaking"}},
		"enum": {
			"enum E { P Q } " + in("x: E"), "enum E { P R } enum F { Z } " + in("x: E"),
			[]string{"value-removed E.Q breaking breaking breaking", "value-added E.R dangerous safe dangerous", "enum-added F safe safe safe"},
		},
		"label changed":     {`enum E { P } ` + in("x: E"), `enum E { P @value(name: "p-1") } ` + in("x: E"), []string{"label-changed E.P safe dangerous breaking"}},
		"enum type changed": {`enum E { P } ` + in("x: E"), `enum E @enum(name: "Es") { P } ` + in("x: E"), []string{"enum-type-changed E safe safe dangerous"}},
		"label kept under a new name": {`enum E { P @value(name: "p-1") } ` + in("x: E"), `enum E { Q @value(name: "p-1") @renamed(from: "P") } ` + in("x: E"),
			[]string{"value-renamed E.Q breaking safe breaking"}},
		"value renamed": {"enum E { P } " + in("x: E"), `enum E { Q @renamed(from: "P") } ` + in("x: E"), []string{"value-renamed E.Q breaking safe breaking"}},
		"enum renamed":  {"enum E { P } " + in("x: E"), `enum F @renamed(from: "E") { P } ` + in("x: F"), []string{"enum-renamed F dangerous safe breaking"}},
	} {
		var got []string
		for _, c := range diff.Compare(parse(t, tt.before), parse(t, tt.after)) {
			got = append(got, c.Kind+" "+c.Path+" "+string(c.Clients)+" "+string(c.Data)+" "+string(c.Models))
			if c.Message == "" {
				t.Errorf("%s: %s says nothing", name, c.Kind)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s:\n got %q\nwant %q", name, got, tt.want)
		}
	}
}
