package errorlog_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/telemetry/errorlog"
)

func TestNormalise(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"":                                     "",
		"the document has more than 40 fields": "the document has more than # fields",
		`field "email" is 12.5 % too long`:     `field "…" is # % too long`,
		`say "hi" to 'Ada L.' and don't`:       `say "…" to '…' and don't`,
		"row 0190f3c2-1111-7abc-8def-0123456789ab is locked":                    "row # is locked",
		"send to ada@example.com, please":                                       "send to ‹email›, please",
		"dial db.internal:5432: no route":                                       "dial ‹host›: no route",
		"GET https://ada:pw@example.com/a?b=c failed":                           "GET ‹url› failed",
		"open /home/ada/secret.txt: denied":                                     "open ‹path›: denied",
		"Authorization: Bearer abcdefghijklmnopqrst":                            "Authorization: Bearer ‹secret›",
		"token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl is too old": "token ‹secret› is too old",
		"key krowoc_key_0123456789abcdefghij is unknown":                        "key ‹secret› is unknown",
		"password=hunter2 is wrong":                                             "‹secret› is wrong",
		"at 0xc000123456 in 3f2a9bc41":                                          "at # in #",
		"a token is missing":                                                    "a token is missing",
		"it must be 1 to 5; it is -7":                                           "it must be # to #; it is #",
		"unclosed \"quote of ada":                                               "unclosed \"…",
		"no user 'Anne O'Neil Smith' here":                                      "no user '…' here",
		"no user 'Anne O'Neil":                                                  "no user '…'Neil",
		"cut in 'a quote of ada…":                                               "cut in '…",
		"the users' names don't match":                                          "the users' names don't match",
		"variable $ada.or[0].title: not valid":                                  "variable $…: not valid",
	} {
		if got := errorlog.Normalise(message); got != want {
			t.Errorf("%s: got %q, want %q", message, got, want)
		}
	}
	for _, before := range []string{"", "x "} {
		if cut := errorlog.Normalise("no '" + before + strings.Repeat("ada ", 1000) + "'"); cut != "no '…" {
			t.Errorf("a text that is cut inside a quote becomes %s", cut)
		}
	}
	if long := errorlog.Normalise(strings.Repeat("ärger ", 1000)); len(long) > 400 || !strings.HasSuffix(long, "…") {
		t.Errorf("%d bytes: %s", len(long), long)
	}
}

// FuzzNormalise: the result is short and valid text, and whatever stands in quotes is gone.
func FuzzNormalise(f *testing.F) {
	for _, s := range []string{`a "b" c`, "'x' don't", "12:34 a@b /c/d", "“x” `y`", "\xff\"", "bearer 1", `\"`, "A:/…", "‹url›://"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := errorlog.Normalise(s); len(got) > 400 || !utf8.ValidString(got) {
			t.Errorf("%q becomes %q", s, got)
		}
		if got := errorlog.Normalise(fmt.Sprintf("the value %q is wrong", "marker "+s)); strings.Contains(got, "marker") {
			t.Errorf("%q: %s", s, got)
		}
	})
}

// values are what differs from one occurrence to the next.
func values(r *rand.Rand) (n int, id, email, host, word string) {
	letters := make([]byte, 3+r.IntN(20))
	for i := range letters {
		letters[i] = 'a' + byte(r.IntN(26))
	}
	word = string(letters)
	id = uuid.NewString()
	return r.IntN(1_000_000), id, word + "@" + word + ".example", fmt.Sprintf("%s.internal:%d", word, 1+r.IntN(65535)), word
}

// places are errors of different places, each with values.
func places(r *rand.Rand) []error {
	n, id, email, host, word := values(r)
	server := func(code, message, detail, constraint string) error {
		return pg.Fault("insert a row", &pgconn.PgError{Code: code, Message: message, Detail: detail, ConstraintName: constraint, TableName: "users"})
	}
	dial := &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, byte(n), 1, 2), Port: n % 65536}, Err: syscall.ECONNREFUSED}
	return []error{
		fault.New(fault.Internal, "read a row", fmt.Sprintf("row %s has %d columns", id, n)),
		fault.New(fault.Internal, "write a row", fmt.Sprintf("row %s has %d columns", id, n)),
		fault.New(fault.Invalid, "read a row", fmt.Sprintf("row %s has %d columns", id, n)),
		fault.New(fault.Invalid, "", fmt.Sprintf("%q is not an e-mail address", word)),
		fault.New(fault.Conflict, "", "the address "+email+" is taken"),
		server("23505", `duplicate key value violates unique constraint "users_email_key"`, "Key (email)=("+email+") already exists.", "users_email_key"),
		server("23505", `duplicate key value violates unique constraint "users_name_key"`, "Key (name)=("+word+") already exists.", "users_name_key"),
		server("22P02", `invalid input syntax for type integer: "`+word+`" or "`+email+`"`, "", ""),
		server("P0001", "the balance of "+word+" is too low", "", ""),
		&fault.Error{Code: fault.Unavailable, Message: "Postgres at " + host + " cannot be reached", Err: dial},
		fmt.Errorf("ask the issuer: %w", &net.DNSError{Err: "no such host", Name: word + ".example", Server: host}),
		&fault.Error{Code: fault.Invalid, Err: gqlerror.List{{Message: fmt.Sprintf("Cannot query field %q on type %q.", word, "Query"), Rule: "FieldsOnCorrectType"}}},
		&fault.Error{Code: fault.Invalid, Err: gqlerror.List{{Message: fmt.Sprintf("Unexpected Name %q", word)}}},
		errors.New("unexpected end of JSON input"),
		panicking(func() { index(nil, n) }),
		panicking(func() { set(nil, word, n) }),
		panicking(func() { panic("the user " + word + " is wrong") }),
	}
}

// index panics. Its message has a number.
func index(list []int, n int) int { return list[n] }

func set(m map[string]int, name string, n int) { m[name] = n }

// The same fault with other values has the same fingerprint; different places have different ones.
func TestFingerprints(t *testing.T) {
	t.Parallel()
	first := map[string]int{}
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 200 {
		for place, err := range places(r) {
			fingerprint := errorlog.Fingerprint(errorlog.Event{Edge: errorlog.HTTP, Place: "POST /graphql", Err: err})
			before, known := first[fingerprint]
			switch {
			case round == 0 && known:
				t.Errorf("the places %d and %d have the same fingerprint: %v", before, place, err)
			case round == 0:
				first[fingerprint] = place
			case !known || before != place:
				t.Errorf("place %d has another fingerprint with other values: %v", place, err)
			}
		}
	}
	err := errors.New("x")
	if errorlog.Fingerprint(errorlog.Event{Edge: errorlog.HTTP, Place: "GET /a", Err: err}) == errorlog.Fingerprint(errorlog.Event{Edge: errorlog.HTTP, Place: "GET /b", Err: err}) {
		t.Error("two routes share a fingerprint")
	}
}

// panicking returns the fault that a panic becomes, as the server makes it.
func panicking(do func()) (err error) {
	defer func() {
		err = &fault.Error{Code: fault.Internal, Op: "serve a request", Message: "a handler panicked", Err: &fault.Panic{Value: recover(), Stack: debug.Stack()}}
	}()
	do()
	return nil
}
