package exec_test

import (
	"strings"
	"testing"
)

// Every label is also what it must not be mistaken for: the name of another value, empty, or a part of SQL and JSON.
const films = `
enum Rating @enum(name: "mpaa Rating") { G PG PG_13 @value(name: "PG-13") R @value(name: "N\"C\\'17") NONE @value(name: "") }
enum Swap { B @value(name: "A") A @value(name: "B") }

type Film
  @table
  @check(expr: "this.rating != 'R' || this.swap == 'A'", name: "adults")
  @auth(rules: [
    { allow: PUBLIC, where: "this.rating in ['G', 'PG_13', 'R', 'NONE'] && !('R' in this.others)" }
  ]) {
  id: ID! @default(expr: "uuidV7()")
  title: String!
  rating: Rating! @default(value: PG_13)
  others: [Rating!]! @default(value: [PG_13, G])
  maybe: [Rating]
  swap: Swap! @default(expr: "auth.uid == null ? 'B' : 'A'")
  former: Swap @default(expr: "'A'")
  word: Rating @col(dataType: "varchar(9)")
  tame: Rating @col(dataType: "tame")
}

type Shelf @table(key: ["rating"]) @auth(rules: [{ allow: PUBLIC }]) {
  rating: Rating!
  place: Int!
  same: Rating @onUpdate(expr: "this.rating")
  list: [Rating!] @onUpdate(expr: "['G', 'PG_13', this.place > 1 ? 'R' : 'NONE']")
  copy: [Rating!] @onUpdate(expr: "this.list")
  words: [Rating!] @onUpdate(expr: "this.texts") @col(dataType: "text[]")
  texts: [String!]
  text: Swap @onUpdate(expr: "this.place > 1 ? 'A' : 'B'")
}
`

const filmsBefore = `CREATE DOMAIN tame AS "mpaa Rating" CHECK (VALUE <> 'PG')`

// Clients use the names of enum values, and the tables contain their labels.
func TestLabels(t *testing.T) {
	t.Parallel()
	c := serve(t, films, filmsBefore, `INSERT INTO films (title, rating, others, maybe, swap, former, word, tame) VALUES
		('a', 'G', '{}', NULL, 'A', NULL, NULL, NULL),
		('b', 'PG-13', '{PG-13,G,""}', '{NULL,PG-13}', 'B', 'A', 'PG-13', 'PG-13'),
		('c', E'N"C\\''17', '{}', '{""}', 'B', 'B', E'N"C\\''17', 'G'),
		('d', '', '{G}', '{}', 'A', 'A', '', ''),
		('e', 'PG', '{PG}', NULL, 'A', NULL, 'PG', 'G'),
		('f', 'G', E'{"N\\"C\\\\''17"}', NULL, 'A', NULL, NULL, 'G')`)
	for query, want := range map[string]string{
		`{ films(orderBy: {title: ASC}) { nodes { title rating others maybe swap former word } } }`: `{"films":{"nodes":[` +
			`{"title":"a","rating":"G","others":[],"maybe":null,"swap":"B","former":null,"word":null},` +
			`{"title":"b","rating":"PG_13","others":["PG_13","G","NONE"],"maybe":[null,"PG_13"],"swap":"A","former":"B","word":"PG_13"},` +
			`{"title":"c","rating":"R","others":[],"maybe":["NONE"],"swap":"A","former":"A","word":"R"},` +
			`{"title":"d","rating":"NONE","others":["G"],"maybe":[],"swap":"B","former":"B","word":"NONE"}]}}`,
		`{ films(where: {rating: {eq: PG_13}}) { nodes { title } } }`:                                   `{"films":{"nodes":[{"title":"b"}]}}`,
		`{ films(where: {rating: {in: [R, NONE]}}, orderBy: {title: ASC}) { nodes { title } } }`:        `{"films":{"nodes":[{"title":"c"},{"title":"d"}]}}`,
		`{ films(where: {swap: {eq: A}, former: {ne: A}}) { nodes { title } } }`:                        `{"films":{"nodes":[{"title":"b"}]}}`,
		`{ films(where: {others: {has: NONE}}) { nodes { title } } }`:                                   `{"films":{"nodes":[{"title":"b"}]}}`,
		`{ films(where: {maybe: {hasAny: [PG_13, R]}}) { nodes { title } } }`:                           `{"films":{"nodes":[{"title":"b"}]}}`,
		`{ films(where: {word: {eq: R}}) { nodes { title } } }`:                                         `{"films":{"nodes":[{"title":"c"}]}}`,
		`{ films(where: {tame: {in: [PG_13, NONE]}}, orderBy: {tame: DESC}) { nodes { title tame } } }`: `{"films":{"nodes":[{"title":"d","tame":"NONE"},{"title":"b","tame":"PG_13"}]}}`,
		`{ films(where: {tame: {ne: G}}, orderBy: [{tame: ASC}]) { nodes { title } } }`:                 `{"films":{"nodes":[{"title":"b"},{"title":"d"},{"title":"a"}]}}`,
		`{ films(orderBy: [{rating: DESC}], first: 3) { nodes { rating } } }`:                           `{"films":{"nodes":[{"rating":"NONE"},{"rating":"R"},{"rating":"PG_13"}]}}`,
		`{ __type(name: "Rating") { enumValues { name } } }`:                                            `{"__type":{"enumValues":[{"name":"G"},{"name":"PG"},{"name":"PG_13"},{"name":"R"},{"name":"NONE"}]}}`,
	} {
		if got := c.data(t, query, nil); got != want {
			t.Errorf("%s\n got %s\nwant %s", query, got, want)
		}
	}
}

func TestLabelsInCursors(t *testing.T) {
	t.Parallel()
	c := serve(t, films, filmsBefore, `INSERT INTO films (title, rating, swap) VALUES ('a', 'G', 'A'), ('b', 'PG-13', 'A'), ('c', E'N"C\\''17', 'B'), ('d', '', 'A')`)
	var seen []string
	after := ""
	for range 4 {
		page := c.data(t, `{ films(orderBy: [{tame: ASC}, {rating: ASC}], first: 1`+after+`) { nodes { title } pageInfo { endCursor } } }`, nil)
		_, title, _ := strings.Cut(page, `"title":"`)
		_, cursor, _ := strings.Cut(page, `"endCursor":"`)
		seen = append(seen, title[:1])
		after = `, after: "` + cursor[:strings.IndexByte(cursor, '"')] + `"`
	}
	if got := strings.Join(seen, ""); got != "abcd" {
		t.Error(got)
	}
}

func TestWritingLabels(t *testing.T) {
	t.Parallel()
	c := serve(t, films, filmsBefore)
	for _, step := range []struct {
		query, want string
		vars        map[string]any
	}{
		{`mutation { createFilm(data: {title: "a"}) { rating others maybe swap former } }`,
			`{"createFilm":{"rating":"PG_13","others":["PG_13","G"],"maybe":null,"swap":"B","former":"A"}}`, nil},
		{`mutation($d: FilmCreate!) { createFilm(data: $d) { rating others maybe swap word } }`,
			`{"createFilm":{"rating":"R","others":["NONE","PG_13"],"maybe":[null,"R"],"swap":"A","word":"PG_13"}}`,
			map[string]any{"d": map[string]any{"title": "b", "rating": "R", "swap": "A", "others": []any{"NONE", "PG_13"}, "maybe": []any{nil, "R"}, "word": "PG_13"}}},
		{`mutation { createShelf(data: {rating: PG_13, place: 1, list: [R, NONE], texts: ["PG_13", "G"]}) { rating } }`, `{"createShelf":{"rating":"PG_13"}}`, nil},
		{`mutation { updateShelf(rating: PG_13, data: {place: 2}) { rating place same text list copy words } }`, `{"updateShelf":{"rating":"PG_13","place":2,"same":"PG_13","text":"B","list":["G","PG_13","NONE"],"copy":["R","NONE"],"words":["PG_13","G"]}}`, nil},
		{`{ shelf(rating: PG_13) { place } }`, `{"shelf":{"place":2}}`, nil},
		{`mutation { deleteShelf(rating: PG_13) { rating } }`, `{"deleteShelf":{"rating":"PG_13"}}`, nil},
	} {
		if got := c.data(t, step.query, step.vars); got != step.want {
			t.Errorf("%s\n got %s\nwant %s", step.query, got, step.want)
		}
	}
	if body := c.send(t, `mutation { createFilm(data: {title: "c", rating: R, swap: B}) { id } }`, nil).Body.String(); !strings.Contains(body, "it must satisfy") {
		t.Error(body)
	}
}
