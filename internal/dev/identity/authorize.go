package identity

import (
	"embed"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/krowoc/krowoc/internal/dev/console"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/localhost"
)

//go:embed page
var files embed.FS

var loginPage = console.Parse("page/login.html", files)

// shown is the maximum number of users on the page. Users can search for others.
const shown = 50

// authorize handles GET /authorize: the page on which you choose a user to log in as.
func (p *Provider) authorize(r *http.Request) (any, error) {
	q := r.URL.Query()
	to, err := p.redirectTo(q.Get("redirect_to"))
	if err != nil {
		return nil, err
	}
	people, err := p.Users.List(r.Context(), q.Get("search"), shown)
	return page(func(w http.ResponseWriter) {
		console.Render(w, loginPage, struct {
			Project, To, Search, Challenge, Method, State string
			People                                        []User
			Err                                           error
			Hint                                          string
		}{p.Project, to, q.Get("search"), q.Get("code_challenge"), q.Get("code_challenge_method"), q.Get("state"), people, err, fault.HintOf(err)})
	}), nil
}

// chosen handles the choice of a user on that page.
func (p *Provider) chosen(r *http.Request) (any, error) {
	to, err := p.redirectTo(r.PostFormValue("redirect_to"))
	if err != nil {
		return nil, err
	}
	if state := r.PostFormValue("state"); state != "" {
		to = withQuery(to, url.Values{"state": {state}})
	}
	return p.leadBack(r, to, code{
		user: r.PostFormValue("user"), method: "oauth", proof: challenge{r.PostFormValue("code_challenge"), r.PostFormValue("code_challenge_method")},
	})
}

// leadBack redirects to the application, with a code if the application uses PKCE, and with the session itself otherwise.
func (p *Provider) leadBack(r *http.Request, to string, c code) (any, error) {
	u, err := found(p.Users.ByID(r.Context(), c.user))
	if err != nil {
		return nil, err
	}
	if c.proof.Value != "" {
		n, err := p.codes.add(code{user: u.ID, method: c.method, proof: c.proof})
		return redirect(withQuery(to, url.Values{"code": {n.token}})), err
	}
	s, err := p.logIn(u, c.method)
	return redirect(withFragment(to, url.Values{
		"access_token": {s.AccessToken}, "refresh_token": {s.RefreshToken}, "expires_in": {strconv.Itoa(s.ExpiresIn)},
		"expires_at": {strconv.FormatInt(s.ExpiresAt, 10)}, "token_type": {s.TokenType}, "type": {c.method},
	})), err
}

func withQuery(to string, add url.Values) string {
	u, err := url.Parse(to)
	if err != nil {
		return to
	}
	q := u.Query()
	for name, values := range add {
		q[name] = values
	}
	u.RawQuery = q.Encode()
	return u.String()
}

func withFragment(to string, add url.Values) string {
	to, _, _ = strings.Cut(to, "#")
	return to + "#" + add.Encode()
}

// redirectTo returns the URL to which a log-in may redirect: a URL on this machine or of an allowed origin. Any other URL could give the
// session to an attacker who created the link. The default is the console.
func (p *Provider) redirectTo(address string) (string, error) {
	if address == "" {
		return p.Origin + "/", nil
	}
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Host == "" {
		return "", refuse(http.StatusBadRequest, "validation_failed", "redirect_to is not a valid URL")
	}
	web := u.Scheme == "http" || u.Scheme == "https"
	if (web && localhost.Names(u.Hostname())) || slices.Contains(p.RedirectTo, u.Scheme+"://"+u.Host) {
		return address, nil
	}
	return "", fault.Wrap("log in", refuse(http.StatusBadRequest, "validation_failed",
		"redirect_to has the origin "+u.Scheme+"://"+u.Host+", which is not allowed: add it to dev.auth.redirectTo"))
}
