package sdl_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/pg/celsql"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/testkit"
)

// mistakes has at least one row for each code. The ‸ stands where the diagnostic must, and is taken out
// before the source is parsed; every row must give exactly the one diagnostic, but for warnings.
var mistakes = []struct{ code, source string }{
	{"syntax", "type A @table { a: Int @ ‸}"},
	{"syntax", "type A @table { a ‸String }"},
	{"syntax", "type A @table { a: String @default(value: ‸\"x) }"},
	{"syntax", "type ‸A @table"},
	{"syntax", "enum ‸E"},
	{"unsupported-definition", "scalar ‸Money"},
	{"unsupported-definition", "interface ‸Node { id: ID! }"},
	{"unsupported-definition", "input ‸NewUser { name: String }"},
	{"unsupported-definition", "type A @table { a: Int } extend type ‸A { b: Int }"},
	{"unsupported-definition", "directive @‸secret on OBJECT"},
	{"unsupported-definition", "schema ‸{ query: A } type A @table { a: Int }"},
	{"unsupported-definition", "type ‸A implements B @table { a: Int }"},
	{"duplicate-name", "type A @table { a: Int }\ntype ‸A @table { b: Int }"},
	{"duplicate-name", "type A @table { a: Int\n  ‸a: String }"},
	{"duplicate-name", "enum E { ONE ‸ONE }"},
	{"name-collision", "enum E { ONE ‸TWO @value(name: \"ONE\") }"},
	{"name-collision", "enum E { ONE } enum ‸F @enum(name: \"e\") { ONE }"},
	{"reserved-name", "enum ‸E @enum(name: \"date\") { ONE }"},
	{"invalid-name", "enum E @enum(name: ‸\"\") { ONE }"},
	{"invalid-name", "enum E { ONE @value(name: ‸\"" + strings.Repeat("é", 32) + "\") }"},
	{"invalid-name", "enum E { ONE @value(name: ‸\"a\\u0000\") }"},
	{"missing-argument", "enum E { ONE @‸value }"},
	{"invalid-view", "type ‸A @view @auth(rules: []) { a: Int }"},
	{"invalid-view", "type A @view(key: [‸\"a\"]) @auth(rules: []) { a: Int }"},
	{"invalid-view", "type A @view @auth(rules: []) { id: ID! b: ‸B } type B @table { a: Int }"},
	{"invalid-rule", "type A @view @auth(rules: [‸{ allow: PUBLIC, operations: [CREATE] }]) { id: ID! }"},
	{"misplaced-directive", "type A @view @auth(rules: []) { id: ID! @‸unique }"},
	{"name-collision", "type A @table { a: Int } type ‸B @view(name: \"as\") @auth(rules: []) { id: ID! }"},
	{"reserved-name", "type A @view @auth(rules: []) { id: ID! } type ‸AWhere @table { a: Int }"},
	{"missing-argument", "type A @table { a: Int b: Int @‸sql(query: \"select 1\") }"},
	{"missing-argument", "type A @table { a: Int } extend type Query { ‸q: Int @sql(query: \"select 1\") }"},
	{"missing-argument", "type A @table { a: Int } extend type Query { ‸q: Int @auth(rules: []) }"},
	{"invalid-custom-field", "type A @table { a: Int } extend type Query { q: ‸A! @sql(query: \"select 1\") @auth(rules: []) }"},
	{"invalid-custom-field", "type A @table { a: Int } extend type Query { q: [‸A] @sql(query: \"select 1\") @auth(rules: []) }"},
	{"invalid-custom-field", "type A @table { a: Int } type B { c: C } type C { d: Int } extend type Query { q: ‸B @sql(query: \"select 1\") @auth(rules: []) }"},
	{"invalid-custom-field", "type A @table { a: Int } extend type Query { q(b: ‸A): Int @sql(query: \"select 1\") @auth(rules: []) }"},
	{"invalid-custom-field", "type A @table { a: Int } extend type Query { q(b: Int): Int @sql(query: ‸\"select 1\") @auth(rules: []) }"},
	{"invalid-custom-field", "type A @table { a: Int } extend type Query { q: Int @sql(query: ‸\"select $b\") @auth(rules: []) }"},
	{"invalid-expression", "type A @table { a: Int } extend type Query { q: Int @sql(query: ‸\"select 1; select 2\") @auth(rules: []) }"},
	{"invalid-rule", "type A @table { a: Int } extend type Query { q: Int @sql(query: \"select 1\") @auth(rules: [{ allow: ‸OWNER }]) }"},
	{"invalid-rule", "type A @table { a: Int } extend type Query { q: Int @sql(query: \"select 1\") @auth(rules: [{ allow: PUBLIC, ‸where: \"true\" }]) }"},
	{"invalid-default", "type A @table { a: Int } extend type Query { q(b: Int = ‸\"x\"): Int @sql(query: \"select $b\") @auth(rules: []) }"},
	{"name-collision", "type A @table { a: Int } extend type Query { ‸a: Int @sql(query: \"select 1\") @auth(rules: []) }"},
	{"name-collision", "type A @table { a: Int } extend type Mutation { ‸updateAs: Int @sql(query: \"select 1\") @auth(rules: []) }"},
	{"duplicate-name", "type A @table { a: Int } extend type Query { b: Int @sql(query: \"select 1\") @auth(rules: []) ‸b: Int }"},
	{"misplaced-directive", "type A @table { a: Int } extend type Query { b: Int @sql(query: \"select 1\") @auth(rules: []) @‸unique }"},
	{"conflicting-arguments", "type A @table { a: Int b: Int @sql(expr: \"this.a\") @‸function(name: \"f\") }"},
	{"invalid-expression", "type A @table { a: Int b: Int @sql(expr: ‸\"this.a; DROP TABLE x\") }"},
	{"invalid-name", "type A @table { a: Int b: Int @function(name: ‸\"f(\") }"},
	{"invalid-computed", "type A @table { a: Int b: ‸B @sql(expr: \"this.a\") } type B @table { a: Int }"},
	{"invalid-computed", "type A @table { a: Int @auth(rules: []) ‸b: Int @sql(expr: \"this.A + 1\") }"},
	{"invalid-computed", "type A @table { k: B ‸b: String @sql(expr: \"this.k_id\") } type B @table { id: String! @auth(rules: []) }"},
	{"invalid-computed", "type A @table { aB: Int @auth(rules: []) ‸b: Int @sql(expr: \"coalesce(A_b, 1)\") }"},
	{"invalid-computed", "type A @table { a: Int @auth(rules: []) ‸b: Int @function(name: \"f\") }"},
	{"invalid-computed", "type A @table { a: Int ‸b: Int @sql(expr: \"(SELECT 1)\") }"},
	{"misplaced-directive", "type A @table { a: Int b: Int @sql(expr: \"this.a\") @‸default(value: 1) }"},
	{"misplaced-directive", "type A { a: Int @‸sql(expr: \"1\") }"},
	{"duplicate-name", "type A @table { a: Int ‸a: Int @sql(expr: \"this.a\") }"},
	{"invalid-rule", "type A @table { a: Int b: Int @sql(expr: \"this.a\") @auth(rules: [‸{ allow: PUBLIC, operations: [READ, UPDATE] }]) }"},
	{"invalid-api", "type A @table { a: Int @api(name: ‸\"a-b\") }"},
	{"reserved-name", "type A @table { a: Int @api(name: ‸\"__a\") }"},
	{"invalid-api", "type A @table { a: Int @api(plural: ‸\"as\") }"},
	{"invalid-api", "type A @table @api(hide: ‸false) { a: Int }"},
	{"invalid-api", "type A @table @api(hide: [READ, ‸WRITE]) { a: Int }"},
	{"invalid-api", "type A @table @api(hide: [READ, ‸READ]) { a: Int }"},
	{"invalid-api", "type A @table { a: Int @api(hide: ‸DELETE) }"},
	{"invalid-api", "type A @table { a: Int @‸api(name: \"b\", hide: true) }"},
	{"invalid-api", "type A @table(key: [\"a\"]) { a: Int! @api(hide: ‸true) }"},
	{"invalid-api", "type A @table @auth(rules: [{ allow: PUBLIC }]) { a: Int! @api(hide: ‸CREATE) }"},
	{"name-collision", "type A @table { a: Int ‸b: Int @api(name: \"a\") }"},
	{"name-collision", "type A @table { a: B ‸b: Int @api(name: \"aId\") } type B @table { a: Int }"},
	{"reserved-name", "type A @table { ‸a: Int @api(name: \"or\") }"},
	{"reserved-name", "type A @table { a: Int } type ‸B @table @api(name: \"AWhere\") { a: Int }"},
	{"invalid-deprecated", "enum E { ONE @deprecated(reason: ‸\" \") }"},
	{"misplaced-directive", "type A @table @‸deprecated { a: Int }"},
	{"misplaced-directive", "enum E @‸value(name: \"x\") { ONE }"},
	{"misplaced-directive", "enum E { ONE @‸enum(name: \"x\") }"},
	{"reserved-name", "type ‸Query { a: Int }"},
	{"reserved-name", "type A @table { ‸__a: Int }"},
	{"reserved-name", "type ‸__A @table { a: Int }"},
	{"reserved-name", "type ‸DateTime { a: Int }"},
	{"reserved-name", "enum E { ‸true }"},
	{"reserved-name", "enum ‸Text { A }"},
	{"reserved-name", "type A @table { ‸xmin: Int }"},
	{"reserved-name", "type A @table { a: Int } type ‸AConnection { a: Int }"},
	{"reserved-name", "type A @table { ‸or: Int }"},
	{"reserved-name", "type User @table { a: Int } type ‸UserOrder @table { a: Int }"},
	{"reserved-name", "enum Color { RED } type ‸ColorFilter { a: Int }"},
	{"name-collision", "type A @table { a: Int ‸b: Int @col(name: \"a\") }"},
	{"name-collision", "type A @table { a: Int } type ‸B @table(name: \"as\") { a: Int }"},
	{"name-collision", "type A @table @index(fields: [\"a\"]) @‸index(fields: [\"a\"], where: \"this.a > 1\") { a: Int }"},
	{"name-collision", "type A @table @check(expr: \"this.a > 1\", name: \"c\") @‸check(expr: \"this.a > 2\", name: \"c\") { a: Int! }"},
	{"name-collision", "enum As { X } type ‸A @table { a: Int }"},
	{"name-collision", "type A @table { bs: [B!]! @inverse(field: \"as\") ‸cs: [B!]! @inverse(field: \"ds\") } type B @table { as: [A!]! ds: [A!]! }"},
	{"name-collision", "type Box @table { a: Int } type ‸Boxes @table { a: Int }"},
	{"missing-argument", "type A @table @‸check(name: \"c\") { a: Int }"},
	{"missing-argument", "type A @table { a: Int @‸generated }"},
	{"conflicting-arguments", "type A @table @check(expr: \"this.a > 1\", sql: ‸\"a > 1\") { a: Int! }"},
	{"conflicting-arguments", "type A @table { a: Int! b: Int @generated(sql: \"a\") @‸default(value: 1) }"},
	{"conflicting-arguments", "type A @table { a: Int! @generated(sql: \"1\", identity: ‸ALWAYS) }"},
	{"invalid-expression", "type A @table { a: Int @check(sql: ‸\"1; 2\") }"},
	{"invalid-expression", "type A @table { a: Int! b: Int @generated(expr: \"‸'x'\") }"},
	{"invalid-expression", "type A @table { a: Int! b: Int @generated(sql: \"a\") c: Int @generated(expr: \"this.‸b + 1\") }"},
	{"invalid-constraint", "type A @table { a: String! @generated(identity: ‸ALWAYS) }"},
	{"invalid-constraint", "type A @table { a: Int @generated(identity: ‸ALWAYS) }"},
	{"invalid-name", "type A @table(name: ‸\"\") { a: Int }"},
	{"invalid-name", "type A @table { a: Int @col(name: ‸\"" + strings.Repeat("x", 64) + "\") }"},
	{"invalid-name", "type A @table { ‸" + strings.Repeat("x", 64) + ": Int }"},
	{"invalid-name", "type A @table { a: Int @col(dataType: ‸\"int; drop table users\") }"},
	{"unknown-type", "type A @table { a: ‸Strng }"},
	{"unknown-type", "type A @table @check(expr: \"this.a.b > 1\") { a: ‸Bee @ref(onDelete: CASCADE) @unique @default(expr: \"auth.uid\") }"},
	{"unknown-type", "type A @table { a: [‸Timestamp!]! }"},
	{"unknown-type", "type A @table { a: ‸Owner }"},
	{"unknown-field", "type A @table @unique(fields: [\"title\", ‸\"titles\"]) { title: String }"},
	{"unknown-field", "type A @table @auth(rules: [{ allow: OWNER, field: ‸\"owner\" }]) { a: Int }"},
	{"unknown-directive", "type A @table { a: Int @‸uniqe }"},
	{"unknown-directive", "type A @‸tabel @index(fields: [\"a\"]) { a: Int b: B } type B @table { a: A as: [A!]! @inverse(field: \"b\") }"},
	{"misplaced-directive", "type A @table @‸length(min: 1) { a: String }"},
	{"misplaced-directive", "type A { a: Int @‸unique }"},
	{"misplaced-directive", "type A @‸index(fields: [\"b\"]) { b: B } type B @table { as: [A!]! }"},
	{"misplaced-directive", "type A @table { a: A @‸length(min: 1) }"},
	{"misplaced-directive", "type A @table { a: A as: [A!]! @‸unique }"},
	{"repeated-directive", "type A @table { a: Int @default(value: 1) @‸default(value: 2) }"},
	{"repeated-directive", "type A @table { a: Int @unique @‸unique }"},
	{"repeated-directive", "type A @table { a: String @length(min: 1, ‸min: 2) }"},
	{"unknown-argument", "type A @table { a: String @length(‸minimum: 1) }"},
	{"unknown-argument", "type A @table @auth(rules: [{ allow: PUBLIC, ‸opreations: [READ] }]) { a: Int }"},
	{"missing-argument", "type A @table { a: String @‸pattern }"},
	{"missing-argument", "type A @table @‸index { a: String }"},
	{"missing-argument", "type A @table @auth(rules: [‸{ roles: [\"a\"] }]) { a: Int }"},
	{"missing-argument", "type A @table { a: String @‸length }"},
	{"argument-type", "type A @table(name: ‸1) { a: Int }"},
	{"argument-type", "type A @table { a: String @length(min: ‸-1) }"},
	{"argument-type", "type A @table { a: String @format(type: ‸emial) }"},
	{"argument-type", "type A @table { a: String @pii(kind: ‸MAIL) }"},
	{"invalid-constraint", "type A @table { a: Int @pii(kind: ‸EMAIL) }"},
	{"invalid-constraint", "type A @table { a: String @pii(keys: ‸[\"b\"]) }"},
	{"misplaced-directive", "type A @table { a: Int } type B @table { a: A @‸pii }"},
	{"argument-type", "type A @table { a: A @ref(onDelete: ‸\"CASCADE\") }"},
	{"argument-type", "type A @table @auth(rules: [{ allow: ‸EVERYONE }]) { a: Int }"},
	{"argument-type", "type A @table @auth(rules: ‸\"PUBLIC\") { a: Int }"},
	{"conflicting-arguments", "type A @table { a: Int @‸default(value: 1, sql: \"2\") }"},
	{"conflicting-arguments", "type A @table { a: Int @unique(‸name: \"x\") }"},
	{"conflicting-arguments", "type A @table { a: Int @index(fields: ‸[\"a\"]) }"},
	{"conflicting-arguments", "type A @table(key: [\"a\", \"b\"]) { a: Int! b: Int! } type B @table { a: A @col(name: ‸\"x\") }"},
	{"nested-list", "type A @table { a: [[‸Int]] }"},
	{"field-arguments", "type A @table { a(‸first: Int): Int }"},
	{"plain-type-in-table", "type A @table { b: ‸B } type B { a: Int }"},
	{"invalid-key", "type A @table { ‸id: ID }"},
	{"invalid-key", "type A @table(key: [‸\"a\"]) { a: JSON! }"},
	{"invalid-key", "type A @table(key: [\"a\", ‸\"a\"]) { a: Int! }"},
	{"invalid-key", "type A @table(key: ‸[]) { a: Int! }"},
	{"invalid-key", "type A @table(key: [‸\"id\", \"a\"]) { a: Int! }"},
	{"key-cycle", "type A @table(key: [\"b\"]) { b: B! } type B @table(key: [\"a\"]) { ‸a: A! }"},
	{"invalid-reference", "type A @table { b: B @ref(fields: ‸[\"x\", \"y\"]) x: ID y: ID } type B @table { a: Int }"},
	{"invalid-reference", "type A @table { b: B @ref(fields: ‸[\"x\"]) x: Int } type B @table { a: Int }"},
	{"invalid-reference", "type A @table { b: B! @ref(fields: [‸\"x\"]) x: ID } type B @table { a: Int }"},
	{"invalid-reference", "type A @table { b: B @ref(fields: [‸\"as\"]) a: A as: [A!]! } type B @table { a: Int }"},
	{"required-self-reference", "type Category @table { ‸parent: Category! }"},
	{"set-null-on-required", "type A @table { b: B! @ref(onDelete: ‸SET_NULL) } type B @table { a: Int }"},
	{"no-inverse", "type A @table { ‸bs: [B!]! } type B @table { a: Int }"},
	{"no-inverse", "type A @table { ‸friends: [A!]! }"},
	{"ambiguous-relation", "type A @table { ‸bs: [B!]! } type B @table { a: A c: A }"},
	{"ambiguous-relation", "type A @table { bs: [B!]! ‸cs: [B!]! } type B @table { a: A }"},
	{"ambiguous-relation", "type A @table { ‸b: B } type B @table { a: A! @unique }"},
	{"invalid-inverse", "type A @table { bs: [B!]! @inverse(field: ‸\"n\") } type B @table { a: A n: Int }"},
	{"invalid-inverse", "type A @table { ‸b: B @inverse(field: \"a\") } type B @table { a: A }"},
	{"invalid-inverse", "type A @table { as: [A!]! @inverse(field: ‸\"as\") a: A }"},
	{"invalid-through", "type A @table { bs: [B!]! @manyToMany(through: ‸\"AB\") } type B @table { a: Int }"},
	{"invalid-through", "type A @table { bs: [B!]! @manyToMany(through: ‸\"C\") } type B @table { x: Int } type C @table { a: A }"},
	{"invalid-through", "type A @table { bs: [B!]! @manyToMany(through: ‸\"C\") } type B @table { x: Int } type C @table { a: A b: B c: B }"},
	{"idle-metric", "type ‸A @table @metric(name: \"rows\") @auth(rules: [{ allow: PUBLIC, operations: READ }]) { a: Int }"},
	{"missing-argument", "type A @table @‸metric { a: Int }"},
	{"invalid-metric", "type A @table @metric(name: ‸\"Rows\") { a: Int }"},
	{"invalid-metric", "type A @table @metric(name: ‸\"rows_total\") { a: Int }"},
	{"invalid-metric", "type A @table @metric(name: ‸\"http_rows\") { a: Int }"},
	{"invalid-metric", "type A @table @metric(name: \"rows\", by: [‸\"a\"]) { a: Int }"},
	{"invalid-metric", "type A @table @metric(name: \"rows\", by: [‸\"a\"]) { a: [Boolean!]! }"},
	{"invalid-metric", "type A @table @metric(name: \"rows\", by: [‸\"id\"]) { a: Int }"},
	{"invalid-metric", "type A @table @metric(name: \"rows\", by: [‸\"a\"]) { a: String @unique }"},
	{"invalid-metric", "type A @table @metric(name: \"rows\", by: [‸\"a\"]) { a: String @pii }"},
	{"invalid-metric", "type A @table @metric(name: \"rows\", by: [\"a\", ‸\"a\"]) { a: String }"},
	{"invalid-metric", "type A @table @metric(name: \"rows\", by: [‸\"le\"]) { le: String }"},
	{"invalid-metric", "type A @table @metric(name: \"rows\", by: [‸\"b\"]) { b: B } type B @table { as: [A!]! }"},
	{"invalid-metric", "type A @table @metric(name: \"rows\", by: [‸\"b\"]) { b: B } type B @table { id: String! @pii as: [A!]! }"},
	{"invalid-metric", "type A @table @metric(name: \"rows\", by: [‸\"b\"]) { b: B } type B @table(key: [\"x\", \"y\"]) { x: Int! y: Int! as: [A!]! }"},
	{"invalid-metric", "type A @table @metric(name: \"rows\", by: [‸\"as\"]) { a: A as: [A!]! }"},
	{"invalid-metric", "type A @table @metric(name: \"cost\", sum: ‸\"a\") { a: String }"},
	{"invalid-metric", "type A @table @metric(name: \"cost\", sum: ‸\"a\") { a: Int @pii }"},
	{"unknown-field", "type A @table @metric(name: \"cost\", sum: ‸\"b\") { a: Int }"},
	{"name-collision", "type A @table @metric(name: \"rows\") { a: Int } type B @table @‸metric(name: \"rows\") { a: Int }"},
	{"invalid-index", "type A @table { a: Int @index(type: ‸GIN) }"},
	{"invalid-index", "type A @table { a: JSON @‸index }"},
	{"invalid-index", "type A @table @index(fields: [\"a\", \"b\"], order: ‸[ASC]) { a: Int b: Int }"},
	{"invalid-index", "type A @table @index(fields: [‸\"as\"]) { a: A as: [A!]! }"},
	{"invalid-constraint", "type A @table { a: Int @‸length(min: 1) }"},
	{"invalid-constraint", "type A @table { a: String @‸range(min: 1) }"},
	{"invalid-constraint", "type A @table { a: String @length(min: ‸2, max: 1) }"},
	{"invalid-constraint", "type A @table { a: Date @range(min: ‸\"yesterday\") }"},
	{"invalid-constraint", "type A @table { a: Decimal @range(min: ‸0.2, max: 0.10) }"},
	{"invalid-constraint", "type A @table { a: [String] @‸format(type: email) }"},
	{"invalid-pattern", "type A @table { a: String @pattern(regex: ‸\"(\") }"},
	{"invalid-pattern", "type A @table { a: String @pattern(regex: ‸\"^[a-z]{1,300}$\") }"},
	{"invalid-default", "enum E { ONE } type A @table { a: E @default(value: ‸\"ONE\") }"},
	{"invalid-default", "enum E { ONE } type A @table { a: E @default(value: ‸OEN) }"},
	{"invalid-default", "type A @table { a: Int @default(value: ‸\"1\") }"},
	{"invalid-default", "type A @table { a: Int @default(value: ‸3000000000) }"},
	{"invalid-default", "type A @table { a: DateTime @default(value: ‸\"now\") }"},
	{"invalid-default", "type A @table { a: [Int!]! @default(value: [1, ‸true]) }"},
	{"invalid-default", "type A @table { a: String @length(max: 2) @default(value: ‸\"abc\") }"},
	{"invalid-default", "type A @table { a: Int @range(min: 1) @default(value: ‸0) }"},
	{"invalid-default", "type A @table { a: String @pattern(regex: \"^a\") @default(value: ‸\"b\") }"},
	{"invalid-default", "type A @table { a: Int @default(value: ‸null) }"},
	{"invalid-default", "type A @table { a: Int @default(sql: ‸\"1; drop table users\") }"},
	{"invalid-expression", "type A @table @check(expr: \"this.‸tilte != ''\") { title: String! }"},
	{"invalid-expression", "type A @table @check(expr: \"this.a == \\\"\\u0041\\\" || ‸b\") { a: String! }"},
	{"invalid-expression", "type A @table @check(expr: \"\"\"\n    this.a > 1\n      && this.‸bb > 2\n  \"\"\") { a: Int! b: Int! }"},
	{"invalid-expression", "enum E { ONE } type A @table @index(fields: [\"e\"], where: \"this.e == ‸'TOW'\") { e: E! }"},
	{"invalid-expression", "type A @table { a: DateTime @default(expr: \"‸uuidV7()\") }"},
	{"invalid-expression", "type A @table { a: String @check(expr: \"this.a.matches(‸'^a{256}$')\") }"},
	{"invalid-rule", "type A @table @auth(rules: [‸{ allow: OWNER }]) { a: Int }"},
	{"invalid-rule", "type A @table @auth(rules: [‸{ allow: ROLE }]) { a: Int }"},
	{"invalid-rule", "type A @table @auth(rules: [{ allow: PUBLIC, field: ‸\"a\" }]) { a: Int }"},
	{"invalid-rule", "type A @table @auth(rules: [{ allow: OWNER, field: ‸\"a\" }]) { a: Int }"},
	{"invalid-rule", "type A @table { a: Int @auth(rules: [{ allow: PUBLIC, operations: [‸DELETE] }]) }"},
	{"invalid-rule", "enum T @tiers { FREE PRO } type A @table @auth(rules: [‸{ allow: TIER }]) { a: Int }"},
	{"invalid-rule", "enum T @tiers { FREE PRO } type A @table @auth(rules: [{ allow: PUBLIC, atLeast: ‸PRO }]) { a: Int }"},
	{"invalid-rule", "enum T @tiers { FREE PRO } type A @table @auth(rules: [{ allow: TIER, atLeast: ‸PR }]) { a: Int }"},
	{"invalid-rule", "enum T { FREE PRO } type A @table @auth(rules: [{ allow: TIER, atLeast: ‸PRO }]) { a: Int }"},
	{"invalid-rule", "type A @table { a: Int @auth(rules: [{ allow: TIER, atLeast: ‸PRO }]) }"},
	{"invalid-rule", "enum T @tiers { FREE PRO } enum U @‸tiers { PRO } type A @table @auth(rules: [{ allow: TIER, atLeast: PRO }]) { a: Int }"},
	{"argument-type", "enum T @tiers { PRO } type A @table @auth(rules: [{ allow: TIER, atLeast: ‸\"PRO\" }]) { a: Int }"},
	{"argument-type", "enum T @tiers { PRO } type A @table @auth(rules: [{ allow: TIER, atLeast: ‸[PRO] }]) { a: Int }"},
	{"missing-argument", "type A @table @‸auth(fresh: \"5m\") { a: Int }"},
	{"missing-argument", "type A @table { a: Int @‸auth(freshFor: [READ]) }"},
	{"missing-argument", "type A @table @auth(rules: [{ allow: PUBLIC }], freshFor: ‸[DELETE]) { a: Int }"},
	{"argument-type", "type A @table @auth(rules: [{ allow: PUBLIC }], fresh: ‸5) { a: Int }"},
	{"invalid-rule", "type A @table @auth(rules: [{ allow: PUBLIC }], fresh: ‸\"5 minutes\") { a: Int }"},
	{"invalid-rule", "type A @table @auth(rules: [{ allow: PUBLIC }], fresh: ‸\"-5m\") { a: Int }"},
	{"invalid-rule", "type A @table @auth(rules: [{ allow: PUBLIC }], fresh: ‸\"1500ms\") { a: Int }"},
	{"invalid-rule", "type A @table @auth(rules: [], fresh: ‸\"5m\") { a: Int }"},
	{"invalid-rule", "type A @table { a: Int @auth(fresh: \"5m\", freshFor: [‸DELETE]) }"},
	{"invalid-rule", "type A @table @auth(rules: [{ allow: PUBLIC }], fresh: \"5m\", freshFor: ‸[]) { a: Int }"},
	{"misplaced-directive", "type A @table @‸tiers { a: Int }"},
	{"invalid-track", "type A @table @track(event: ‸\"Made A\", on: [CREATE]) { a: Int }"},
	{"invalid-track", "type A @table @track(event: ‸\"login\", on: [CREATE]) { a: Int }"},
	{"invalid-track", "type A @table @track(event: \"a\", on: ‸[]) { a: Int }"},
	{"invalid-track", "type A @table @track(event: \"a\", on: [CREATE, ‸CREATE]) { a: Int }"},
	{"argument-type", "type A @table @track(event: \"a\", on: [‸READ]) { a: Int }"},
	{"missing-argument", "type A @table @‸track(event: \"a\") { a: Int }"},
	{"misplaced-directive", "type A @‸track(event: \"a\", on: [CREATE]) { a: Int }"},
	{"unknown-field", "type A @table @track(event: \"a\", on: [CREATE], properties: [‸\"b\"]) { a: Int }"},
	{"invalid-track", "type A @table @track(event: \"a\", on: [CREATE], properties: [‸\"a\"]) { a: String @pii }"},
	{"invalid-track", "type A @table @track(event: \"a\", on: [CREATE], properties: [\"a\", ‸\"a\"]) { a: String @pii(kind: NONE) }"},
	{"invalid-track", "type U @table { id: String! @pii } type A @table @track(event: \"a\", on: [CREATE], properties: [‸\"u\"]) { u: U }"},
	{"invalid-track", "type A @table @track(event: \"a\", on: [CREATE], properties: [‸\"u\"]) { u: U } type U @table { id: String! @pii }"},
	{"invalid-track", "type U @table { id: String! @pii } type B @table(key: [\"u\"]) { u: U! } type A @table @track(event: \"a\", on: [CREATE], properties: [‸\"b\"]) { b: B }"},
	{"invalid-track", "type A @table @track(event: \"a\", on: [CREATE], properties: [‸\"a\"]) { a: Bytes }"},
	{"invalid-track", "type A @table @track(event: \"a\", on: [CREATE], properties: [‸\"a\"]) { a: String @auth(rules: []) }"},
	{"invalid-track", "type A @table @track(event: \"a\", on: [CREATE], properties: [‸\"release\"]) { release: Int }"},
	{"invalid-track", "type A @table @track(event: \"a\", on: [CREATE], properties: [‸\"distinct_id\"]) { distinct_id: Int }"},
	{"invalid-track", "type A @table @track(event: \"a\", on: [CREATE], properties: [‸\"token\"]) { token: Int }"},
	{"invalid-track", "type A @table @track(event: \"a\", on: [CREATE], properties: [‸\"bs\"]) { bs: [B!]! } type B @table { a: A }"},
	{"invalid-rename", "type A @table { a: Int @renamed(from: ‸\"b\") b: Int }"},
	{"invalid-rename", "type A @table @renamed(from: ‸\"A\") { a: Int }"},
	{"no-auth-rules", "type ‸Diary @table { text: String! }"},
	{"slow-pattern", "type A @table @auth(rules: []) { a: String @pattern(regex: ‸\"^(a+)+$\") }"},
}

func TestMistakes(t *testing.T) {
	var rendered bytes.Buffer
	for _, tc := range mistakes {
		before, after, marked := strings.Cut(tc.source, "‸")
		if !marked {
			t.Fatalf("no mark in %s", tc.source)
		}
		_, list := sdl.Parser{RowUse: celsql.Parser().RowUse, Params: celsql.Parser().Params}.Parse(sdl.Source{Name: "schema.graphql", Text: before + after})
		if !slices.Contains([]string{"no-auth-rules", "idle-metric", "slow-pattern"}, tc.code) {
			list = slices.DeleteFunc(list, func(d diag.Diagnostic) bool { return d.Severity == diag.Warning })
		}
		fmt.Fprintf(&rendered, "[%s]\n%s\n\n", tc.code, list.Error())
		lineNo := strings.Count(before, "\n") + 1
		column := len([]rune(before[strings.LastIndex(before, "\n")+1:])) + 1
		if len(list) != 1 || list[0].Code != tc.code || list[0].Line != lineNo || list[0].Column != column || list[0].Remedy == "" {
			t.Errorf("want one %s at %d:%d, got\n%s", tc.code, lineNo, column, list.Error())
		}
	}
	testkit.Golden(t, "testdata/mistakes.golden", rendered.Bytes())
}

// Every code has a row.
func TestMistakesAreComplete(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "codes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok {
			code, _ := strconv.Unquote(lit.Value)
			if !slices.ContainsFunc(mistakes, func(m struct{ code, source string }) bool { return m.code == code }) {
				t.Errorf("no row for %s", code)
			}
		}
		return true
	})
}

func TestTenMistakes(t *testing.T) {
	const name = "testdata/ten-mistakes.graphql"
	s, list := sdl.Parse(sdl.Source{Name: name, Text: read(t, name)})
	if s != nil || list.Errors() != 10 {
		t.Errorf("%d mistakes", list.Errors())
	}
	testkit.Golden(t, "testdata/ten-mistakes.golden", []byte(list.Error()+"\n"))
}
