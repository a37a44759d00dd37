package exec_test

import "testing"

// The types of columns that Postgres calls serial are not types that a value can be cast to.
func TestWritesOfRowsWithSerialKeys(t *testing.T) {
	c := serve(t, `type Ticket @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC }]) { id: ID! @col(dataType: "bigserial") text: String! }`, "")
	for query, want := range map[string]string{
		`mutation {createTicket(data: {text: "a"}) {id text}}`:       `{"createTicket":{"id":"1","text":"a"}}`,
		`mutation {updateTicket(id: "7", data: {text: "b"}) {text}}`: `{"updateTicket":{"text":"b"}}`,
	} {
		if query[10] == 'u' {
			c.data(t, `mutation {createTicket(data: {id: "7", text: "c"}) {id}}`, nil)
		}
		if got := c.data(t, query, nil); got != want {
			t.Errorf("%s: %s", query, got)
		}
	}
}
