package identity

import (
	"errors"
	"fmt"
	"html"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/crypto/bcrypt"

	"github.com/krowoc/krowoc/internal/fault"
)

// Limits of password lengths. bcrypt accepts at most 72 bytes.
const (
	minPassword = 6
	maxPassword = 72
)

// credentials are the body of a sign-up or log-in request.
type credentials struct {
	Email      string
	Password   string
	Data       map[string]any
	CreateUser *bool `json:"create_user"`
	challenge
}

func (p *Provider) read(r *http.Request) (credentials, error) {
	var c credentials
	if err := readBody(r, &c); err != nil {
		return c, err
	}
	if strings.TrimSpace(c.Email) == "" {
		return c, refuse(http.StatusUnprocessableEntity, "anonymous_provider_disabled", "Anonymous sign-ins are disabled")
	}
	var err error
	c.Email, err = normalEmail(c.Email)
	return c, err
}

func hashPassword(password string) ([]byte, error) {
	if len(password) < minPassword || len(password) > maxPassword {
		return nil, refuse(http.StatusUnprocessableEntity, "weak_password", fmt.Sprintf("Password should be at least %d characters, and at most %d bytes", minPassword, maxPassword))
	}
	return bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost) // the cost does not matter in development
}

// create adds a user.
func (p *Provider) create(r *http.Request, c credentials) (User, error) {
	name, _ := c.Data["name"].(string)
	if name == "" {
		name, _ = c.Data["full_name"].(string)
	}
	if name == "" {
		name, _, _ = strings.Cut(c.Email, "@")
	}
	u, err := p.Users.Create(r.Context(), User{Email: c.Email, Name: name, Created: p.Now()})
	switch fault.CodeOf(err) {
	case fault.Conflict:
		return u, refuse(http.StatusUnprocessableEntity, "user_already_exists", "User already registered")
	case fault.Invalid:
		return u, refuse(http.StatusUnprocessableEntity, "signup_disabled", err.Error())
	}
	return u, err
}

// signUp handles POST /signup.
func (p *Provider) signUp(r *http.Request) (any, error) {
	c, err := p.read(r)
	if err != nil {
		return nil, err
	}
	password, err := hashPassword(c.Password)
	if err != nil {
		return nil, err
	}
	u, err := p.create(r, c)
	if err != nil {
		return nil, err
	}
	if err := p.store.update(u.ID, func(a *account) { a.Password, a.Metadata = password, c.Data }); err != nil {
		return nil, err
	}
	return p.logIn(u, "password")
}

// otp handles POST /otp: it sends mail with a link and a code.
func (p *Provider) otp(r *http.Request) (any, error) { return p.send(r, "magiclink", "otp") }

// recoverPassword handles POST /recover. The response does not reveal whether the user exists.
func (p *Provider) recoverPassword(r *http.Request) (any, error) {
	answer, err := p.send(r, "recovery", "recovery")
	if refused, ok := err.(*apiError); ok && refused.Code == "otp_disabled" { //nolint:errorlint // send returns it unwrapped
		return map[string]any{}, nil
	}
	return answer, err
}

func (p *Provider) send(r *http.Request, kind, method string) (any, error) {
	c, err := p.read(r)
	if err != nil {
		return nil, err
	}
	if p.Mail == nil {
		return nil, refuse(http.StatusUnprocessableEntity, "email_provider_disabled", "Email logins are disabled because the mail catcher is disabled")
	}
	to, err := p.redirectTo(r.URL.Query().Get("redirect_to"))
	if err != nil {
		return nil, err
	}
	u, err := p.Users.ByEmail(r.Context(), c.Email)
	if fault.CodeOf(err) == fault.NotFound {
		if kind == "recovery" || c.CreateUser != nil && !*c.CreateUser {
			return nil, refuse(http.StatusUnprocessableEntity, "otp_disabled", "Signups not allowed for otp")
		}
		u, err = p.create(r, c)
	}
	if err != nil {
		return nil, err
	}
	n, err := p.codes.add(code{user: u.ID, email: u.Email, method: method, proof: c.challenge})
	if err != nil {
		return nil, err
	}
	link := p.Origin + Path + "/verify?" + url.Values{"token": {n.token}, "type": {kind}, "redirect_to": {to}}.Encode()
	p.Mail(u.Email, "Log in to "+p.Project, fmt.Sprintf("Log in:\n\n%s\n\nor enter the code %s\n", link, n.digits),
		fmt.Sprintf(`<p>Hello %s,</p><p><a href="%s">Log in to %s</a></p><p>or enter the code <strong>%s</strong></p>`,
			html.EscapeString(u.Name), html.EscapeString(link), html.EscapeString(p.Project), n.digits))
	return map[string]any{}, nil
}

// verify handles POST /verify: it exchanges a code or token from a mail for a session.
func (p *Provider) verify(r *http.Request) (any, error) {
	var q struct {
		Email, Token string
		TokenHash    string `json:"token_hash"`
	}
	if err := readBody(r, &q); err != nil {
		return nil, err
	}
	take := func() (code, error) { return p.codes.takeDigits(q.Email, q.Token) }
	if q.TokenHash != "" {
		take = func() (code, error) { return p.codes.take(q.TokenHash) }
	}
	c, err := take()
	if err != nil {
		return nil, err
	}
	switch half, err := p.confirm(r, c); {
	case err != nil:
		return nil, err
	case half:
		return map[string]string{"msg": halfConfirmed, "code": strconv.Itoa(http.StatusOK)}, nil
	}
	u, err := found(p.Users.ByID(r.Context(), c.user))
	if err != nil {
		return nil, err
	}
	return p.logIn(u, c.method)
}

// verifyLink handles GET /verify, the link in a mail, and redirects to the application.
func (p *Provider) verifyLink(r *http.Request) (any, error) {
	to, err := p.redirectTo(r.URL.Query().Get("redirect_to"))
	if err != nil {
		return nil, err
	}
	c, err := p.codes.take(r.URL.Query().Get("token"))
	half := false
	if err == nil {
		half, err = p.confirm(r, c)
	}
	if half {
		return redirect(waiting(to, c.proof)), nil
	}
	if err != nil {
		return redirect(failed(to, r.URL.Query().Get("token"), err)), nil // the redirect passes the error to the application
	}
	return p.leadBack(r, to, c)
}

// failed is where a link leads that does not count.
func failed(to, token string, err error) string {
	said := url.Values{"error": {"access_denied"}, "error_code": {"otp_expired"}, "error_description": {err.Error()}}
	if refused := (*apiError)(nil); errors.As(err, &refused) {
		said.Set("error_code", refused.Code)
	}
	if strings.HasPrefix(token, pkcePrefix) {
		to = withQuery(to, said)
	}
	return withFragment(to, said)
}

func (p *Provider) getUser(_ *http.Request, _ Claims, u User) (any, error) { return p.describe(u), nil }

// putUser handles PUT /user.
func (p *Provider) putUser(r *http.Request, c Claims, u User) (any, error) {
	var q credentials
	if err := readBody(r, &q); err != nil {
		return nil, err
	}
	var password []byte
	if q.Password != "" {
		var err error
		if password, err = hashPassword(q.Password); err != nil {
			return nil, err
		}
		if p.passwordIs(u, q.Password) {
			return nil, refuse(http.StatusUnprocessableEntity, "same_password", "New password should be different from the old password.")
		}
	}
	err := p.store.update(c.Subject, func(a *account) {
		if password != nil {
			a.Password = password
		}
		merged := maps.Clone(a.Metadata)
		if merged == nil {
			merged = map[string]any{}
		}
		maps.Copy(merged, q.Data)
		a.Metadata = merged
	})
	if err == nil && q.Email != "" && !strings.EqualFold(q.Email, u.Email) {
		err = p.changeEmail(r, u, q.Email, q.challenge)
	}
	return p.describe(u), err
}
