package authcmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/fault"
)

// revokeOptions are the flags of `auth revoke`.
type revokeOptions struct {
	session, uid, kid string
	keys, yes         bool
}

// revoked is what `auth revoke --output json` prints.
type revoked struct {
	Kind     string   `json:"kind"` // session, uid or kid
	Value    string   `json:"value"`
	Sessions []string `json:"sessions"` // of browsers that have ended
	Keys     []string `json:"keys"`     // of the user that are revoked
}

func newRevokeSessions(f *factory.Factory) *cobra.Command {
	var o revokeOptions
	cmd := &cobra.Command{
		Use:   "revoke",
		Short: "End sessions, and refuse tokens or an issuer's key, on all servers",
		Long: `End the session of a browser, refuse a user, or refuse the tokens that a key of an issuer has signed. Every server knows it within a second.

--session takes the ID that GET /auth/session shows, or the session_id or sid of an access token. The issuer does not learn of it, and
servers forget it after 8 days: end a session that the issuer has started there, too.

--uid ends all sessions of the user in browsers, and refuses every access token that was issued until now. The user can log in again, and an
app that has a refresh token gets a new access token: block the user at the issuer first. API keys of the user stay valid without --keys.

--kid is for a signing key that has leaked: every token that it has signed is refused, of every issuer and for good. Rotate the key at the
issuer first. "krowoc auth token inspect" shows the kid and the session of a token, and "krowoc auth key revoke" revokes API keys.`,
		Example: "krowoc auth revoke --session 0f8c2d3e-6a1b-4c5d-9e7f-8a9b0c1d2e3f\nkrowoc auth revoke --uid ada --keys --env production\nkrowoc auth revoke --kid 2026-11 --yes",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return revoke(cmd.Context(), f, o) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.session, "session", "", "end the session with this `ID`")
	flags.StringVar(&o.uid, "uid", "", "end all sessions of the user with this `ID`, and refuse their access tokens until now")
	flags.BoolVar(&o.keys, "keys", false, "with --uid: also revoke the API keys that act as the user")
	flags.StringVar(&o.kid, "kid", "", "refuse every token signed by the key with this `ID`, its kid")
	factory.YesFlag(flags, &o.yes)
	cmd.MarkFlagsMutuallyExclusive("session", "uid", "kid")
	return cmd
}

func revoke(ctx context.Context, f *factory.Factory, o revokeOptions) error {
	question := ""
	switch {
	case o.keys && o.uid == "":
		return factory.Usage(fault.New(fault.Invalid, "revoke", "--keys is for the keys of a user", "add --uid ID; `krowoc auth key revoke` revokes one key"))
	case o.uid != "" && o.keys:
		question = fmt.Sprintf("End all sessions of the user %q, refuse their access tokens and revoke their API keys?", o.uid)
	case o.uid != "":
		question = fmt.Sprintf("End all sessions of the user %q and refuse their access tokens?", o.uid)
	case o.kid != "":
		question = fmt.Sprintf("Refuse every token that the key %q has signed, for good?", o.kid)
	case o.session == "":
		return factory.Usage(fault.New(fault.Invalid, "revoke", "nothing to revoke is given", "add --session ID, --uid ID or --kid ID"))
	}
	return withDatabase(ctx, f, func(_ *app.App, db *app.Database) error {
		if question != "" && !o.yes {
			sure, err := f.Term.Confirm(ctx, question)
			if err != nil {
				return err
			}
			if !sure {
				return fault.New(fault.Canceled, "revoke", "nothing was changed")
			}
		}
		r, text, err := o.apply(ctx, db)
		if err != nil {
			return err
		}
		return f.Term.Result(r, func() error {
			_, err := fmt.Fprintln(f.Term.Out, text)
			return err
		})
	})
}

// apply revokes, and says in words what it has done.
func (o revokeOptions) apply(ctx context.Context, db *app.Database) (r revoked, text string, err error) {
	switch {
	case o.kid != "":
		r = revoked{"kid", o.kid, []string{}, []string{}}
		text = fmt.Sprintf("tokens that the key %s has signed are refused", o.kid)
		err = db.RevokeKID(ctx, o.kid)
	case o.uid != "":
		r = revoked{Kind: "uid", Value: o.uid}
		r.Sessions, r.Keys, err = db.RevokeUser(ctx, o.uid, o.keys)
		r.Sessions, r.Keys = append([]string{}, r.Sessions...), append([]string{}, r.Keys...)
		text = "ended " + term.Count(len(r.Sessions), "session") + " of the user " + o.uid + "; access tokens until now are refused"
		if o.keys {
			text += "; revoked " + term.Count(len(r.Keys), "API key")
		}
	default:
		r = revoked{"session", o.session, []string{}, []string{}}
		var ofBrowser bool
		ofBrowser, err = db.EndSession(ctx, o.session)
		text = "tokens of the session " + o.session + " are refused, and a browser that has them is logged out; end it at the issuer, too"
		if ofBrowser {
			r.Sessions, text = []string{o.session}, "ended the session "+o.session
		}
	}
	return r, text, err
}
