package identity

import (
	"fmt"
	"html"
	"net/http"
	"net/mail"
	"net/url"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
)

// emailChange is the type and the method of a change of the e-mail address.
const emailChange = "email_change"

// halfConfirmed is what the server says after the first of two confirmations.
const halfConfirmed = "Confirmation link accepted. Please proceed to confirm link sent to the other email"

// pending is a new e-mail address. The owners of the old and of the new one have to confirm it: whoever has found an open browser cannot take
// the account over, nor can a mistyped address lose it.
type pending struct {
	to        string
	confirmed bool // by one of them
}

// normalEmail returns an address as it is stored.
func normalEmail(text string) (string, error) {
	email := strings.ToLower(strings.TrimSpace(text))
	if a, err := mail.ParseAddress(email); err != nil || a.Address != email {
		return "", refuse(http.StatusBadRequest, "validation_failed", "Unable to validate email address: invalid format")
	}
	return email, nil
}

var errEmailTaken = refuse(http.StatusUnprocessableEntity, "email_exists", "A user with this email address has already been registered")

// changeEmail sends mail to both addresses.
func (p *Provider) changeEmail(r *http.Request, u User, text string, proof challenge) error {
	to, err := normalEmail(text)
	if err != nil {
		return err
	}
	if p.Mail == nil {
		return refuse(http.StatusUnprocessableEntity, "email_provider_disabled", "E-mail addresses cannot be changed because the mail catcher is disabled")
	}
	back, err := p.redirectTo(r.URL.Query().Get("redirect_to"))
	if err != nil {
		return err
	}
	switch _, err := p.Users.ByEmail(r.Context(), to); {
	case err == nil:
		return errEmailTaken
	case fault.CodeOf(err) != fault.NotFound:
		return err
	}
	p.codes.drop(func(c *code) bool { return c.user == u.ID && c.change != nil }) // an earlier change
	change := &pending{to: to}
	for _, address := range []string{u.Email, to} {
		n, err := p.codes.add(code{user: u.ID, email: address, method: emailChange, proof: proof, change: change})
		if err != nil {
			return err
		}
		link := p.Origin + Path + "/verify?" + url.Values{"token": {n.token}, "type": {emailChange}, "redirect_to": {back}}.Encode()
		p.Mail(address, "Confirm your new e-mail address", fmt.Sprintf("Change your e-mail address to %s:\n\n%s\n\nor enter the code %s\n", to, link, n.digits),
			fmt.Sprintf(`<p>Hello %s,</p><p><a href="%s">Change your e-mail address to %s</a></p><p>or enter the code <strong>%s</strong></p>`,
				html.EscapeString(u.Name), html.EscapeString(link), html.EscapeString(to), n.digits))
	}
	return nil
}

// confirm confirms a change with a code of a mail. It reports whether the other address has to confirm it, too.
func (p *Provider) confirm(r *http.Request, c code) (half bool, err error) {
	if c.change == nil || p.codes.first(c.change) {
		return c.change != nil, nil
	}
	err = p.Users.SetEmail(r.Context(), c.user, c.change.to)
	if fault.CodeOf(err) == fault.Conflict {
		return false, errEmailTaken
	}
	return false, err
}

// waiting is where a link leads that is the first of two.
func waiting(to string, proof challenge) string {
	said := url.Values{"message": {halfConfirmed}}
	if proof.Value != "" {
		to = withQuery(to, said)
	}
	return withFragment(to, said)
}
