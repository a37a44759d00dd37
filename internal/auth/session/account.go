package session

import (
	"encoding/json"
	"net/http"

	"github.com/krowoc/krowoc/internal/fault"
)

// emailChange is the method of a flow that changes the e-mail address.
const emailChange = "email_change"

// account returns what a signed-in person sends to change their account. That of another provider is not kept here.
func (m *Manager) account(r *http.Request) (in input, current row, err error) {
	if in, err = readInput(r); err != nil {
		return in, current, err
	}
	current, err = m.signedIn(r.Context(), r)
	if err == nil && m.providerOf(current) != nil {
		err = fault.New(fault.Invalid, "change the account", "it is an account of "+current.issuer, "change it there, then log in again")
	}
	return in, current, err
}

// changePassword handles POST /auth/password.
func (m *Manager) changePassword(w http.ResponseWriter, r *http.Request) (any, error) {
	in, current, err := m.account(r)
	if err == nil && in.Password == "" {
		err = fault.New(fault.Invalid, "change the account", "the new password is missing", `send {"password": "…"}`)
	}
	if err == nil {
		err = m.issuer(r).SetPassword(r.Context(), current.access, in.Password)
	}
	if err != nil {
		return nil, err
	}
	if wantsPage(r) {
		redirect(w, r, m.next(in.Next))
		return nil, nil
	}
	w.WriteHeader(http.StatusNoContent)
	return nil, nil
}

// changeEmail handles POST /auth/email. The issuer sends mail to the old and to the new address. Their owners follow the links, which lead to
// the callback, or send the codes here.
func (m *Manager) changeEmail(w http.ResponseWriter, r *http.Request) (any, error) {
	in, current, err := m.account(r)
	if err == nil && in.Email == "" {
		err = fault.New(fault.Invalid, "change the account", "the new e-mail address is missing", `send {"email": "…"}`)
	}
	if err != nil {
		return nil, err
	}
	if in.Code != "" {
		return m.confirmEmail(w, r, in)
	}
	f, err := m.begin(w, r, emailChange, in.Next)
	if err != nil {
		return nil, err
	}
	if err := m.issuer(r).ChangeEmail(r.Context(), current.access, in.Email, m.callbackOf(r, f)+"&of="+emailChange, f.challenge()); err != nil {
		return nil, err
	}
	return m.waits(w, r, in)
}

// confirmEmail confirms a change by the code of a mail. The last confirmation renews the session.
func (m *Manager) confirmEmail(w http.ResponseWriter, r *http.Request, in input) (any, error) {
	s, err := m.issuer(r).VerifyCode(r.Context(), in.Email, in.Code, emailChange)
	if err != nil {
		return nil, err
	}
	if s.AccessToken == "" {
		return m.waits(w, r, in)
	}
	if err := m.start(w, r, s, "otp"); err != nil {
		return nil, err
	}
	if wantsPage(r) {
		redirect(w, r, m.next(in.Next))
		return nil, nil
	}
	return map[string]string{"next": m.next(in.Next)}, nil
}

// waits answers that a change waits for what comes by mail.
func (m *Manager) waits(w http.ResponseWriter, r *http.Request, in input) (any, error) {
	if wantsPage(r) {
		redirect(w, r, m.next(in.Next))
		return nil, nil
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	return nil, json.NewEncoder(w).Encode(map[string]bool{"sent": true})
}

// confirmed handles the callback of a change that does not end here: the first of two links, or one in another browser than that which began it.
// It reports whether it has answered.
func (m *Manager) confirmed(w http.ResponseWriter, r *http.Request) bool {
	q := r.URL.Query()
	if q.Get("of") != emailChange || q.Has("error") {
		return false
	}
	f, err := m.flowOf(r)
	switch {
	case err != nil && q.Get("code") == "":
		m.render(w, http.StatusOK, view{Title: "Confirmed", Hint: "Open the link in the mail to the other address, too."})
	case err != nil:
		m.render(w, http.StatusOK, view{Title: "Confirmed", Hint: "Your new e-mail address is in use. Where you are logged in, it appears within the hour."})
	case q.Get("code") == "":
		redirect(w, r, f.Next)
	default:
		return false
	}
	return true
}
