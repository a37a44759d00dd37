package identity

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/krowoc/krowoc/internal/fault"
)

// Limits of the stored data.
const (
	maxSessions = 10_000
	maxOld      = 8 // used refresh tokens of a session
)

// reuseInterval is how long a used refresh token can be used again, since two browser tabs may use it at the same time.
const reuseInterval = 10 * time.Second

// account is the data of a user that the provider stores itself.
type account struct {
	Password []byte         `json:"password,omitempty"` // bcrypt
	Metadata map[string]any `json:"metadata,omitempty"`
}

// session is a log-in. Its tokens are stored as hashes.
type session struct {
	ID      string    `json:"id"`
	User    string    `json:"user"`
	Method  string    `json:"method"`
	Started time.Time `json:"started"`
	Token   string    `json:"token"`   // the valid refresh token
	Old     []string  `json:"old"`     // used refresh tokens, newest last
	Rotated time.Time `json:"rotated"` // when the newest one was used

	current string // the valid refresh token itself, "" after a restart
}

// store stores accounts and sessions in a file.
type store struct {
	path string
	mu   sync.Mutex

	Accounts map[string]*account `json:"accounts"` // by user ID
	Sessions []*session          `json:"sessions"` // oldest first
}

func openStore(path string) (*store, error) {
	s := &store{path: path, Accounts: map[string]*account{}}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal(text, s)
	}
	if err != nil {
		return nil, &fault.Error{Code: fault.Invalid, Op: "read the sessions of the identity provider", Err: err, Hint: "remove " + path + "; users have to log in again"}
	}
	return s, nil
}

// save writes the file. The caller holds the lock.
func (s *store) save() error {
	text, err := json.Marshal(s)
	if err == nil {
		err = writeFile(s.path, text)
	}
	return fault.Wrap("write the sessions of the identity provider", err)
}

func hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// begin starts a session and returns its refresh token.
func (s *store) begin(user, method string, now time.Time) (session, string, error) {
	token := rand.Text()
	n := &session{ID: uuid.NewString(), User: user, Method: method, Started: now, Token: hash(token)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Sessions = append(s.Sessions, n)
	s.Sessions = slices.Delete(s.Sessions, 0, max(0, len(s.Sessions)-maxSessions))
	return *n, token, s.save()
}

// refresh replaces a refresh token with a new one. Whoever uses the old one at the same time gets the same new one. A later reuse ends the
// session, because the token may have been stolen.
func (s *store) refresh(token string, now time.Time) (session, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, next := hash(token), rand.Text()
	for i, n := range s.Sessions {
		used := slices.Contains(n.Old, h)
		switch {
		case n.Token == h:
			n.Old = append(n.Old[max(0, len(n.Old)-maxOld+1):], h)
			n.Token, n.Rotated, n.current = hash(next), now, next
			return *n, next, s.save()
		case used && n.Old[len(n.Old)-1] == h && now.Sub(n.Rotated) < reuseInterval:
			n.current = cmp.Or(n.current, next)
			n.Token = hash(n.current)
			return *n, n.current, s.save()
		case used:
			s.Sessions = slices.Delete(s.Sessions, i, i+1)
			return session{}, "", errors.Join(refuse(http.StatusBadRequest, "refresh_token_already_used", "Invalid Refresh Token: Already Used"), s.save())
		}
	}
	return session{}, "", refuse(http.StatusBadRequest, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found")
}

// lives reports whether a session exists and has not ended.
func (s *store) lives(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.Sessions, func(n *session) bool { return n.ID == id })
}

// end ends the sessions that match.
func (s *store) end(matches func(*session) bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Sessions = slices.DeleteFunc(s.Sessions, matches)
	return s.save()
}

// account returns the account of a user.
func (s *store) account(user string) account {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.Accounts[user]; a != nil {
		return *a
	}
	return account{}
}

// update changes the account of a user.
func (s *store) update(user string, change func(*account)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := account{}
	if a := s.Accounts[user]; a != nil {
		next = *a
	}
	change(&next)
	s.Accounts[user] = &next
	return s.save()
}
