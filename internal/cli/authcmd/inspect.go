package authcmd

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/auth/token"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/fault"
)

// inspection is what `auth token inspect --output json` prints.
type inspection struct {
	Header   map[string]any `json:"header"`
	Claims   map[string]any `json:"claims"`
	Accepted bool           `json:"accepted"`
	Reason   string         `json:"reason,omitempty"` // why it is refused
}

func newInspect(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "inspect [TOKEN|-]",
		Short: "Show an access token and whether the project's issuers accept it",
		Long: `Show the header and the claims of an access token, and whether a server of the environment accepts it. In development, the identity
provider of the running session counts, too. Without TOKEN, or with -, the token is read from standard input. Revoked sessions are not
looked up; "krowoc auth whoami" asks a running server.

The exit code is 3 when the token is refused.`,
		Example: "krowoc auth token inspect - < token\nkrowoc auth token inspect eyJhbGciOi… --env production",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := credential(f, append(args, "-")[0])
			if err != nil {
				return err
			}
			a, err := f.App()
			if err != nil {
				return err
			}
			var result inspection
			result.Header, result.Claims, err = token.Inspect(text)
			if err == nil {
				err = a.VerifyToken(cmd.Context(), text)
			}
			if code := fault.CodeOf(err); code != "" && code != fault.Unauthenticated {
				return err // whether it is accepted is unknown
			}
			result.Accepted = err == nil
			if err != nil {
				result.Reason = err.Error()
			}
			if err := f.Term.Result(result, func() error { return showToken(f, result) }); err != nil || result.Accepted {
				return err
			}
			return fault.New(fault.CheckFailed, "inspect the token", "it is refused")
		},
	}
}

// times are the claims that are seconds since 1970.
var times = []string{"exp", "iat", "nbf", "auth_time"}

func showToken(f *factory.Factory, i inspection) error {
	table := f.Term.NewTable("PART", "NAME", "VALUE")
	for _, part := range []struct {
		name   string
		values map[string]any
	}{{"header", i.Header}, {"claim", i.Claims}} {
		for _, name := range slices.Sorted(maps.Keys(part.values)) {
			value := safe(part.values[name])
			if seconds, ok := part.values[name].(float64); ok && slices.Contains(times, name) {
				value += " (" + inWords(time.Unix(int64(seconds), 0), f.Term.Now()) + ")"
			}
			table.Row(part.name, safe(name), value)
		}
	}
	if i.Accepted {
		table.Row("verdict", "accepted", "")
	} else {
		table.Row("verdict", "refused", i.Reason)
	}
	return table.Flush()
}

// safe writes a value as JSON, so that no token controls the terminal. A plain text has no quotes.
func safe(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return "?"
	}
	if _, isText := value.(string); isText {
		text = text[1 : len(text)-1]
	}
	return strings.Map(func(r rune) rune {
		if r >= 0x7f && r < 0xa0 { // control characters that JSON allows
			return '?'
		}
		return r
	}, string(text))
}

// inWords says when something is, with one unit: 2026-01-02T03:04:05Z, in 5 minutes.
func inWords(at, now time.Time) string {
	d := at.Sub(now)
	words := "in %s"
	if d < 0 {
		words, d = "%s ago", -d
	}
	long := "less than a second"
	for _, unit := range []struct {
		name   string
		length time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}} {
		if n := int(d / unit.length); n > 0 {
			long = fmt.Sprintf("%d %s", n, unit.name)
			if n > 1 {
				long += "s"
			}
			break
		}
	}
	return at.UTC().Format(time.RFC3339) + ", " + fmt.Sprintf(words, long)
}
