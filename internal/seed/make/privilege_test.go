package make_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/seed/ledger"
	"github.com/krowoc/krowoc/internal/testkit"
)

// Who may not make an index or a foreign key again does not drop it first.
func TestOwnerWithoutRights(t *testing.T) {
	s := parse(t, plain)
	pool := built(t, s)
	role := appRole(t)
	testkit.Exec(t, pool, `CREATE ROLE `+role+`; GRANT ALL ON ALL TABLES IN SCHEMA public TO `+role+`; GRANT CREATE ON SCHEMA public TO `+role+`;
		REVOKE REFERENCES ON owners FROM `+role+`; ALTER TABLE items OWNER TO `+role)
	before := parts(t, pool)
	must(t)(seed.Load(t.Context(), making(t, pool, s, "generate: {Owner: 100}")))
	o := making(t, pool, s, "generate: {Owner: 100, Item: 12_000}")
	o.DB = as(t, pool, role)
	testkit.Exec(t, pool, "GRANT ALL ON krowoc.seeds TO "+role)
	must(t)(seed.Load(t.Context(), o))
	if after := parts(t, pool); after != before {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
}

// A deferred foreign key that has to stay does not keep indexes from coming back.
func TestDeferredForeignKeyThatStays(t *testing.T) {
	s := parse(t, plain)
	pool := built(t, s)
	testkit.Exec(t, pool, `ALTER TABLE items DROP CONSTRAINT items_owner_id_fkey;
		ALTER TABLE items ADD CONSTRAINT told FOREIGN KEY (owner_id) REFERENCES owners DEFERRABLE INITIALLY DEFERRED; COMMENT ON CONSTRAINT told ON items IS 'why'`)
	before := parts(t, pool)
	must(t)(seed.Load(t.Context(), making(t, pool, s, "generate: {Owner: 100, Item: 12_000}")))
	if after := parts(t, pool); after != before {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
}

// The transaction that only holds the lock outlives every batch.
func TestIdleTimeout(t *testing.T) {
	s := parse(t, plain)
	pool := built(t, s)
	if err := ledger.Ensure(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	testkit.Exec(t, pool, "CREATE ROLE "+appRole(t)+"; GRANT ALL ON ALL TABLES IN SCHEMA public, krowoc TO "+appRole(t)+
		"; ALTER DATABASE "+pgx.Identifier{pool.Config().ConnConfig.Database}.Sanitize()+" SET idle_in_transaction_session_timeout = '500ms'")
	o := making(t, pool, s, "generate: {Owner: 100, Item: 250_000}")
	o.DB = as(t, pool, appRole(t))
	must(t)(seed.Load(t.Context(), o))
}

// A row that somebody is about to commit into an empty table stays.
func TestWriterBesideAnEmptyTable(t *testing.T) {
	s := parse(t, `type Event @table @auth(rules: []) { name: String! }`)
	pool := built(t, s)
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "INSERT INTO events (name) VALUES ('own')"); err != nil {
		t.Fatal(err)
	}
	must(t)(seed.Load(t.Context(), making(t, pool, s, "generate: {Event: 20_000}")))
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := testkit.Value(t, pool, "SELECT count(*) FROM events"); !strings.HasPrefix(got, "20001") {
		t.Error(got)
	}
}
