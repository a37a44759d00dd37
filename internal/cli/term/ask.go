package term

import (
	"context"
	"errors"

	"charm.land/huh/v2"

	"github.com/krowoc/krowoc/internal/fault"
)

// Question is a choice among options or, without options, a text to enter. Value is the default answer, and later the user's answer.
type Question struct {
	Title   string
	Options []string
	Value   *string
	Check   func(string) error // of a text
}

// Interactive reports whether a user can answer questions.
func (t *Terminal) Interactive() bool { return t.InTTY && t.ErrTTY }

// Ask asks questions on Err, one after the other. The terminal must be Interactive.
func (t *Terminal) Ask(ctx context.Context, questions []Question) error {
	var groups []*huh.Group
	for _, q := range questions {
		var field huh.Field
		if len(q.Options) == 0 {
			field = huh.NewInput().Title(q.Title).Value(q.Value).Validate(q.Check)
		} else {
			field = huh.NewSelect[string]().Title(q.Title).Options(huh.NewOptions(q.Options...)...).Value(q.Value)
		}
		groups = append(groups, huh.NewGroup(field))
	}
	err := huh.NewForm(groups...).WithInput(t.In).WithOutput(t.Err).WithShowHelp(true).RunWithContext(ctx)
	if errors.Is(err, huh.ErrUserAborted) {
		return fault.New(fault.Canceled, "", "interrupted")
	}
	return fault.Wrap("ask", err)
}
