package exec_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/pg/rls"
)

// Policies compare the time of the log-in in the claims. They cannot ask the issuer, and hide what the API refuses.
func TestPoliciesOfFreshLogIns(t *testing.T) {
	s := secure(t, accountSchema,
		"INSERT INTO accounts (name, owner, iban) VALUES ('main', 'ann', 'DE1')", "INSERT INTO cards (number, account_name) VALUES ('4111', 'main')",
		"INSERT INTO notices (text) VALUES ('n')")
	claims := func(more string) string { return `{"sub": "ann"` + more + `}` }
	at := func(ago time.Duration) int64 { return time.Now().Add(-ago).Unix() }
	authTime := func(ago time.Duration) string { return claims(fmt.Sprintf(`, "auth_time": %d`, at(ago))) }
	amr := func(ago time.Duration, method string) string {
		return claims(fmt.Sprintf(`, "amr": ["pwd", 7, null, {"method": "otp", "timestamp": 1}, {"method": %q, "timestamp": %d}]`, method, at(ago)))
	}
	const cards, remove = "SELECT count(*)::text FROM cards", "DELETE FROM accounts"
	for _, c := range []struct{ role, claims, sql, want string }{
		{"authenticated", claims(""), "SELECT name FROM accounts", "main"},
		{"authenticated", claims(""), cards, "0"},
		{"authenticated", authTime(time.Minute), cards, "1"},
		{"authenticated", authTime(2 * time.Hour), cards, "0"},
		{"authenticated", authTime(-time.Hour), cards, "0"},
		{"authenticated", authTime(-10 * time.Second), cards, "1"},
		{"authenticated", amr(time.Minute, "password"), cards, "1"},
		{"authenticated", amr(time.Minute, "token_refresh"), cards, "0"},
		{"authenticated", claims(`, "amr": {}`), cards, "0"},
		{"authenticated", claims(`, "auth_time": "1767225600", "amr": "x"`), cards, "0"},
		{"authenticated", claims(`, "auth_time": 1e300`), cards, "0"},
		{"authenticated", claims(`, "auth_time": -1e300`), cards, "0"},
		{"authenticated", authTime(10 * time.Minute), remove, "DELETE 0"},
		{"authenticated", authTime(time.Minute), remove, "DELETE 1"},
		{"authenticated", authTime(time.Minute), "SELECT iban FROM accounts", "denied"},
		{"authenticated", authTime(time.Minute), "SELECT iban FROM accounts_visible", "DE1"},
		{"authenticated", authTime(time.Hour), "SELECT coalesce(iban, '-') FROM accounts_visible", "-"},
		{"authenticated", authTime(time.Minute), "UPDATE accounts SET iban = 'x'", "UPDATE 1"},
		{"authenticated", authTime(time.Hour), "UPDATE accounts SET iban = 'x'", "denied"},
		{"authenticated", authTime(time.Minute), "SELECT text FROM notices", "n"},
		{"authenticated", claims(""), "SELECT count(*)::text FROM notices", "0"},
		{"anon", "", "SELECT text FROM notices", "denied"},
	} {
		if got := s.asked(t, c.role, c.claims, c.sql); got != c.want {
			t.Errorf("%s %s\n%s\ngives %s instead of %s", c.role, c.claims, c.sql, got, c.want)
		}
	}
	for _, n := range rls.Notes(s.tables) {
		if n.Type == "Account" && n.View != "accounts_visible" && len(n.Operations) != 2 {
			t.Errorf("%+v", n)
		}
	}
}
