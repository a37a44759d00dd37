package exec_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/schema"
)

// The reference computes in Go, from all rows of a database, what the API has to answer. It has the rules of referenceSchema as Go functions.

const referenceSchema = `
	enum Kind { LOW MID HIGH }
	type Person @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC }]) {
	  id: ID! @col(dataType: "text")
	  name: String!
	  age: Int @auth(rules: [{ allow: OWNER, field: "id" }])
	  notes: [Note!]!
	  visits: [Visit!]!
	}
	type Note @table(key: ["id"]) @auth(rules: [{ allow: OWNER, field: "owner" }, { allow: PUBLIC, where: "this.open" }]) {
	  id: ID! @col(dataType: "text")
	  owner: Person
	  open: Boolean!
	  kind: Kind
	  score: Int
	  big: Int64
	  price: Decimal
	  ratio: Float
	  day: Date
	  at: DateTime
	  title: String
	  secret: Int @auth(rules: [{ allow: OWNER, field: "owner" }])
	  visits: [Visit!]!
	  tags: [Tag!]!
	}
	type Visit @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC, where: "this.n >= 0" }]) {
	  id: ID! @col(dataType: "text")
	  note: Note!
	  person: Person @auth(rules: [{ allow: OWNER, field: "person" }])
	  n: Int!
	  cost: Decimal
	  day: Date
	}
	type Tag @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC }]) {
	  id: ID! @col(dataType: "text")
	  name: String!
	  notes: [Note!]!
	}`

// referenceRows are random rows, with many equal values and nulls.
func referenceRows(r *rand.Rand) (statements []string) {
	add := func(table string, values ...any) {
		parts := make([]string, len(values))
		for i, v := range values {
			parts[i] = fmt.Sprintf("'%v'", v)
			if v == nil {
				parts[i] = "NULL"
			}
		}
		statements = append(statements, "INSERT INTO "+table+" VALUES ("+strings.Join(parts, ", ")+")")
	}
	pick := func(values ...any) any { return values[r.IntN(len(values))] }
	persons := []any{"p0", "p1", "p2", "p3"}
	for i, p := range persons {
		add("people (id, name, age)", p, pick("ann", "bob", "cyd"), pick(nil, 20+i%2, 30))
	}
	for i := range 24 {
		add("notes (id, owner_id, open, kind, score, big, price, ratio, day, at, title, secret)", fmt.Sprintf("n%02d", i), pick(nil, "p0", "p1", "p2"), pick(true, true, false),
			pick(nil, "LOW", "MID", "HIGH"), pick(nil, 1, 2, 3, -4), pick(nil, "9007199254740993", "5", "-7"), pick(nil, "0.5", "1.50", "2.25", "-10"),
			pick(nil, 0.25, 0.5, -3.75), pick(nil, "2026-01-30", "2026-02-01", "2026-02-28"),
			pick(nil, "2026-03-28T23:30:00Z", "2026-03-29T00:30:00Z", "2026-03-29T22:15:00Z", "2025-12-31T23:00:00Z"), pick(nil, "aa", "ab", "bb"), pick(nil, 1, 2, 7))
	}
	for i := range 50 {
		add("visits (id, note_id, person_id, n, cost, day)", fmt.Sprintf("v%02d", i), fmt.Sprintf("n%02d", r.IntN(20)), pick(nil, "p0", "p1", "p3"), pick(-1, 0, 1, 2, 5),
			pick(nil, "0.10", "0.25", "3"), pick(nil, "2026-01-30", "2026-02-01"))
	}
	for i := range 3 {
		add("tags (id, name)", fmt.Sprintf("t%d", i), pick("red", "tan"))
		for n := range 24 {
			if r.IntN(4) == 0 {
				add("notes_tags (note_id, tag_id)", fmt.Sprintf("n%02d", n), fmt.Sprintf("t%d", i))
			}
		}
	}
	return statements
}

// record is a row of the reference by field: nil, bool, string, *big.Rat or label.
type record map[string]any

// label is a value of an enum.
type label struct {
	rank int
	name string
}

// reference knows all rows, and answers for a caller.
type reference struct {
	rows map[string][]record // by type
	who  caller.Caller
}

// relation leads from a row to rows of another type.
type relation struct {
	target string
	many   bool
	joins  func(rf *reference, from, to record) bool
}

func equalFields(from, to string) func(*reference, record, record) bool {
	return func(_ *reference, a, b record) bool { return a[from] != nil && a[from] == b[to] }
}

var relations = map[string]map[string]relation{
	"Person": {"notes": {"Note", true, equalFields("id", "ownerId")}, "visits": {"Visit", true, func(rf *reference, a, b record) bool { return rf.get("Visit", b, "personId") == a["id"] }}},
	"Note":   {"owner": {"Person", false, equalFields("ownerId", "id")}, "visits": {"Visit", true, equalFields("id", "noteId")}, "tags": {"Tag", true, tagged("id", "noteId", "tagId")}},
	"Visit":  {"note": {"Note", false, equalFields("noteId", "id")}, "person": {"Person", false, func(rf *reference, a, b record) bool { return rf.get("Visit", a, "personId") == b["id"] }}},
	"Tag":    {"notes": {"Note", true, tagged("id", "tagId", "noteId")}},
}

// tagged joins through the table of links.
func tagged(id, this, other string) func(*reference, record, record) bool {
	return func(rf *reference, a, b record) bool {
		return slices.ContainsFunc(rf.rows["link"], func(l record) bool { return l[this] == a[id] && l[other] == b[id] })
	}
}

// loadReference reads all rows of a database.
func loadReference(t *testing.T, c client) *reference {
	t.Helper()
	rf := &reference{rows: map[string][]record{}}
	for typ, table := range map[string]string{"Person": "people", "Note": "notes", "Visit": "visits", "Tag": "tags", "link": "notes_tags"} {
		rows, err := c.db.Query(t.Context(), "SELECT to_json(t)::text FROM "+table+" t")
		if err != nil {
			t.Fatal(err)
		}
		texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range texts {
			rf.rows[typ] = append(rf.rows[typ], recordOf(t, text))
		}
	}
	return rf
}

func recordOf(t *testing.T, text string) record {
	t.Helper()
	var columns map[string]any
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	if err := d.Decode(&columns); err != nil {
		t.Fatal(err)
	}
	row := record{}
	for column, value := range columns {
		row[schema.CamelCase(column)] = referenceValue(column, value)
	}
	return row
}

// referenceValue is the value of a column, or of an operand of a filter.
func referenceValue(column string, value any) any {
	switch v := value.(type) {
	case json.Number:
		n, _ := new(big.Rat).SetString(v.String())
		return n
	case int:
		return new(big.Rat).SetInt64(int64(v))
	case float64:
		return new(big.Rat).SetFloat64(v)
	case enumValue:
		return label{slices.Index([]string{"LOW", "MID", "HIGH"}, string(v)), string(v)}
	case string:
		switch column {
		case "kind":
			return referenceValue(column, enumValue(v))
		case "big", "price", "cost":
			n, _ := new(big.Rat).SetString(v)
			return n
		}
		return strings.Replace(v, "+00:00", "Z", 1)
	}
	return value
}

// readable reports whether the caller may read a row.
func (rf *reference) readable(typ string, row record) bool {
	switch {
	case rf.who.Service:
		return true
	case typ == "Note":
		return row["open"] == true || (rf.who.UID != "" && row["ownerId"] == rf.who.UID)
	case typ == "Visit":
		return row["n"].(*big.Rat).Sign() >= 0
	}
	return true
}

// get returns the value of a field as the caller reads it.
func (rf *reference) get(typ string, row record, field string) any {
	owner := map[string]string{"Person.age": "id", "Note.secret": "ownerId", "Visit.personId": "personId"}[typ+"."+field]
	if owner != "" && !rf.who.Service && (rf.who.UID == "" || row[owner] != rf.who.UID) {
		return nil
	}
	return row[field]
}

// list returns the rows of a type that the caller may read.
func (rf *reference) list(typ string) (list []record) {
	for _, row := range rf.rows[typ] {
		if rf.readable(typ, row) {
			list = append(list, row)
		}
	}
	return list
}

// related returns the rows that a row leads to.
func (rf *reference) related(typ string, row record, field string) (string, []record) {
	rel := relations[typ][field]
	return rel.target, slices.DeleteFunc(rf.list(rel.target), func(other record) bool { return !rel.joins(rf, row, other) })
}

// matching returns the rows that match a filter.
func (rf *reference) matching(typ string, rows []record, where map[string]any) []record {
	return slices.DeleteFunc(slices.Clone(rows), func(row record) bool { return !rf.matches(typ, row, where) })
}

func (rf *reference) matches(typ string, row record, where map[string]any) bool {
	for name, condition := range where {
		if !rf.condition(typ, row, name, condition) {
			return false
		}
	}
	return true
}

// condition evaluates one member of a filter.
func (rf *reference) condition(typ string, row record, name string, condition any) bool {
	rel, isRelation := relations[typ][name]
	switch {
	case name == "and":
		return !slices.ContainsFunc(condition.([]any), func(c any) bool { return !rf.matches(typ, row, c.(map[string]any)) })
	case name == "or":
		return slices.ContainsFunc(condition.([]any), func(c any) bool { return rf.matches(typ, row, c.(map[string]any)) })
	case name == "not":
		return !rf.matches(typ, row, condition.(map[string]any))
	case !isRelation:
		return satisfies(name, rf.get(typ, row, name), condition.(map[string]any))
	}
	target, rows := rf.related(typ, row, name)
	if !rel.many {
		return len(rf.matching(target, rows, condition.(map[string]any))) > 0
	}
	return rf.listCondition(target, rows, condition.(map[string]any))
}

// listCondition evaluates a filter of a list.
func (rf *reference) listCondition(typ string, rows []record, conditions map[string]any) bool {
	for name, c := range conditions {
		condition, _ := c.(map[string]any)
		var holds bool
		switch name {
		case "some":
			holds = len(rf.matching(typ, rows, condition)) > 0
		case "every":
			holds = len(rf.matching(typ, rows, condition)) == len(rows)
		case "none":
			holds = len(rf.matching(typ, rows, condition)) == 0
		case "aggregate":
			rest, where := maps.Clone(condition), condition["where"]
			delete(rest, "where")
			matching, _ := where.(map[string]any)
			holds = rf.summaryMatches(typ, rf.matching(typ, rows, matching), rest)
		default:
			holds = rf.summaryCondition(typ, rows, name, c)
		}
		if !holds {
			return false
		}
	}
	return true
}

// satisfies evaluates the operators of a filter on a value.
func satisfies(field string, value any, operators map[string]any) bool {
	for op, operand := range operators {
		if op == "isNull" {
			if (value == nil) != operand.(bool) {
				return false
			}
			continue
		}
		if !compares(field, op, value, operand) {
			return false
		}
	}
	return true
}

func compares(field, op string, value, operand any) bool {
	read := func(other any) any {
		if _, isNumber := value.(*big.Rat); isNumber {
			field = "big" // whose values are strings
		}
		return referenceValue(field, other)
	}
	equal := func(other any) bool { return value != nil && compareValues(value, read(other)) == 0 }
	switch op {
	case "eq":
		return equal(operand)
	case "ne":
		return !equal(operand)
	case "in":
		return slices.ContainsFunc(operand.([]any), equal)
	case "notIn":
		return !slices.ContainsFunc(operand.([]any), equal)
	}
	if value == nil {
		return false
	}
	c := compareValues(value, read(operand))
	return map[string]bool{"gt": c > 0, "gte": c >= 0, "lt": c < 0, "lte": c <= 0}[op]
}

// compareValues compares values that are not null.
func compareValues(a, b any) int {
	switch a := a.(type) {
	case *big.Rat:
		return a.Cmp(b.(*big.Rat))
	case string:
		return strings.Compare(a, b.(string))
	case label:
		return cmp.Compare(a.rank, b.(label).rank)
	case bool:
		rank := map[bool]int{true: 1}
		return cmp.Compare(rank[a], rank[b.(bool)])
	}
	panic(fmt.Sprintf("a value of the type %T has no order", a))
}
