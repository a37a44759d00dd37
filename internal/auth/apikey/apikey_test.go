package apikey_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/auth/apikey"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/own"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func migrated(t testing.TB) *pgxpool.Pool {
	t.Helper()
	db := testkit.NewDatabase(t)
	if _, err := own.Apply(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	return db
}

func create(t testing.TB, db *pgxpool.Pool, g apikey.Grant) (apikey.Key, string) {
	t.Helper()
	k, secret, err := apikey.Create(t.Context(), db, g)
	if err != nil {
		t.Fatal(err)
	}
	return k, secret
}

// clock is a clock that tests set.
type clock struct{ atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(0, c.Load()) }
func (c *clock) pass(by time.Duration)   { c.Add(int64(by)) }
func newClock() *clock                   { c := &clock{}; c.Store(time.Now().UnixNano()); return c }
func nothing(string) bool                { return false }
func robot(types ...string) apikey.Grant { return apikey.Grant{Name: "robot", UID: "r2", Types: types} }

func start(t testing.TB, o apikey.Options) *apikey.Verifier {
	t.Helper()
	v := apikey.NewVerifier(o)
	if err := v.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Stop(context.WithoutCancel(t.Context())) })
	return v
}

// changed returns a key with another character and a right checksum.
func changed(secret string) string {
	body := []byte(secret[:len(secret)-6])
	body[20] = map[bool]byte{true: 'b', false: 'a'}[body[20] == 'a']
	return string(body) + apikey.Checksum(string(body))
}

// refused checks that a key does not count, and that the reason does not contain it.
func refused(t *testing.T, v *apikey.Verifier, key, why string) {
	t.Helper()
	_, err := v.Verify(t.Context(), key)
	if fault.CodeOf(err) != fault.Unauthenticated || !strings.Contains(err.Error(), why) || key != "" && strings.Contains(err.Error(), key) {
		t.Errorf("%q is answered with %v, not %q", key, err, why)
	}
}

func TestAttacks(t *testing.T) {
	db, other := migrated(t), migrated(t)
	k, secret := create(t, db, robot())
	_, elsewhere := create(t, other, robot())
	v := start(t, apikey.Options{Pool: db, Now: time.Now, Revoked: nothing})
	if got, err := v.Verify(t.Context(), secret); err != nil || got.ID != k.ID || got.UID != "r2" || got.Types != nil || got.Operations != nil {
		t.Fatalf("%+v, %v", got, err)
	}
	sum := sha256.Sum256([]byte(secret))
	for key, why := range map[string]string{
		"":                              "does not begin with",
		secret[len(apikey.Prefix):]:     "does not begin with",
		strings.ToUpper(secret):         "does not begin with",
		secret[:len(secret)-1]:          "59 characters instead of 60",
		secret + "0":                    "61 characters instead of 60",
		secret[:len(secret)-1] + "\x00": "checksum",
		secret[:20] + "-" + secret[21:]: "checksum",
		changed(secret):                 "is unknown",
		elsewhere:                       "is unknown",
		hex.EncodeToString(sum[:]):      "does not begin with",
		apikey.Prefix + hex.EncodeToString(sum[:])[:49]: "checksum",
		k.ID: "does not begin with",
	} {
		refused(t, v, key, why)
	}
	if got := testkit.Value(t, db, "SELECT count(*) FROM krowoc.api_keys WHERE strpos(api_keys::text, $1) > 0", secret[len(apikey.Prefix):]); got != "0" {
		t.Error("the database contains the key")
	}
	if k.ID != hex.EncodeToString(sum[:6]) {
		t.Error("the ID is not the beginning of the hash")
	}
}

// A key expires while it is remembered, and a revocation ends it at once. Both without asking Postgres.
func TestExpiryAndRevocation(t *testing.T) {
	db, c := migrated(t), newClock()
	expires := c.now().Add(10 * time.Second)
	g := robot()
	g.Expires = &expires
	_, short := create(t, db, g)
	k, long := create(t, db, robot())
	var revoked atomic.Value
	revoked.Store("")
	v := start(t, apikey.Options{Pool: db, Now: c.now, Revoked: func(id string) bool { return id == revoked.Load() }})
	for _, secret := range []string{short, long} {
		if _, err := v.Verify(t.Context(), secret); err != nil {
			t.Fatal(err)
		}
	}
	c.pass(11 * time.Second)
	refused(t, v, short, "is expired")
	revoked.Store(k.ID)
	refused(t, v, long, "is revoked")

	// Another server, and this one after a minute, read it from the table.
	revoked.Store("")
	if _, err := apikey.Revoke(t.Context(), db, k.ID); err != nil {
		t.Fatal(err)
	}
	refused(t, start(t, apikey.Options{Pool: db, Now: c.now, Revoked: nothing}), long, "is revoked")
	c.pass(time.Minute)
	refused(t, v, long, "is revoked")
	if _, err := apikey.Revoke(t.Context(), db, "0123"); fault.CodeOf(err) != fault.NotFound {
		t.Error(err)
	}
	if got := testkit.Value(t, db, "SELECT string_agg(kind || value, ' ') FROM krowoc.revocations"); got != "key"+k.ID {
		t.Errorf("the revocations are %s", got)
	}
}

// The role of a server needs no grant: it verifies keys, records their use at most once a minute, and can neither list nor change them.
func TestRoleOfTheServer(t *testing.T) {
	db, c := migrated(t), newClock()
	_, secret := create(t, db, robot())
	testkit.Exec(t, db, "CREATE ROLE apikey_server LOGIN PASSWORD 'app'")
	config := db.Config()
	config.ConnConfig.User, config.ConnConfig.Password = "apikey_server", "app"
	weak, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(weak.Close)
	v := start(t, apikey.Options{Pool: weak, Now: c.now, Revoked: nothing})
	used := func() string { return testkit.Value(t, db, "SELECT last_used_at FROM krowoc.api_keys") }
	verify := func() {
		t.Helper()
		if _, err := v.Verify(t.Context(), secret); err != nil {
			t.Fatal(err)
		}
	}
	verify()
	for used() == "NULL" {
		time.Sleep(5 * time.Millisecond)
	}
	first := used()
	c.pass(2 * time.Minute) // of this process; in Postgres no minute passes
	verify()
	testkit.Exec(t, db, "SELECT krowoc.use_api_key(hash) FROM krowoc.api_keys")
	if used() != first {
		t.Error("the use is recorded twice in a minute")
	}
	testkit.Exec(t, db, "UPDATE krowoc.api_keys SET last_used_at = now() - interval '2 minutes'")
	c.pass(2 * time.Minute)
	verify()
	// The note of the use before may come only now, and counts as well.
	for testkit.Value(t, db, "SELECT last_used_at > now() - interval '1 minute' FROM krowoc.api_keys") != "true" {
		time.Sleep(5 * time.Millisecond)
	}
	if _, err := apikey.List(t.Context(), weak); fault.CodeOf(err) != fault.Forbidden || !strings.Contains(fault.HintOf(err), "SELECT ON krowoc.api_keys") {
		t.Errorf("the server lists keys: %v; %s", err, fault.HintOf(err))
	}
	if _, _, err := apikey.Create(t.Context(), weak, robot()); fault.CodeOf(err) != fault.Forbidden {
		t.Errorf("the server creates a key: %v", err)
	}
}

// While Postgres does not answer, remembered keys count for a minute. Others can be retried.
func TestWithoutPostgres(t *testing.T) {
	db, c := migrated(t), newClock()
	_, known := create(t, db, robot())
	_, unknown := create(t, db, robot())
	v := start(t, apikey.Options{Pool: db, Now: c.now, Revoked: nothing})
	if _, err := v.Verify(t.Context(), known); err != nil {
		t.Fatal(err)
	}
	db.Close()
	if _, err := v.Verify(t.Context(), known); err != nil {
		t.Errorf("a remembered key is refused: %v", err)
	}
	if _, err := v.Verify(t.Context(), unknown); fault.CodeOf(err) != fault.Unavailable {
		t.Error(err)
	}
	c.pass(time.Minute)
	if _, err := v.Verify(t.Context(), known); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("a key is remembered for more than a minute: %v", err)
	}
}

// Requests that come at once with the same key wait for one lookup. A client that goes away does not end it for the others.
func TestOneLookup(t *testing.T) {
	db := migrated(t)
	_, secret := create(t, db, robot())
	v := start(t, apikey.Options{Pool: db, Now: time.Now, Revoked: nothing})
	gone, leave := context.WithCancel(t.Context())
	leave()
	_, _ = v.Verify(gone, secret)
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			if _, err := v.Verify(t.Context(), secret); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

func TestGrants(t *testing.T) {
	db := migrated(t)
	for name, g := range map[string]apikey.Grant{"no caller": {Name: "x"}, "no name": {UID: "x"}, "long name": {Name: strings.Repeat("x", 101), UID: "x"}} {
		if _, _, err := apikey.Create(t.Context(), db, g); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, first := create(t, db, robot("Prompt", "Team"))
	_, second := create(t, db, apikey.Grant{Name: "root", Service: true, Roles: []string{"a"}, Operations: []string{"query"}})
	list, err := apikey.List(t.Context(), db)
	if err != nil || len(list) != 2 || first == second || !list[0].Service || list[0].Operations[0] != "query" || list[0].Types != nil || strings.Join(list[1].Types, " ") != "Prompt Team" {
		t.Errorf("%+v, %v", list, err)
	}
}

func BenchmarkRememberedKey(b *testing.B) {
	db := migrated(b)
	_, secret := create(b, db, robot())
	v := start(b, apikey.Options{Pool: db, Now: time.Now, Revoked: nothing})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(b.Context(), secret); err != nil {
			b.Fatal(err)
		}
	}
}

// No text but a key of the database is accepted, and none makes the verifier panic.
func FuzzKey(f *testing.F) {
	v := apikey.NewVerifier(apikey.Options{Now: time.Now, Revoked: nothing})
	body := apikey.Prefix + strings.Repeat("0", 43)
	f.Add(body)
	f.Add(body + "000000")
	f.Add(strings.Repeat("é", 30))
	f.Fuzz(func(t *testing.T, text string) {
		if strings.HasSuffix(text, apikey.Checksum(text[:max(0, len(text)-6)])) {
			return // a key of the right form is looked up
		}
		if _, err := v.Verify(t.Context(), text); fault.CodeOf(err) != fault.Unauthenticated {
			t.Errorf("%q: %v", text, err)
		}
	})
}
