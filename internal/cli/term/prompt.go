package term

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
)

// Confirm asks a question on Err and reports whether the answer is y or yes. If the terminal is not interactive, it returns an error that
// mentions --yes.
func (t *Terminal) Confirm(ctx context.Context, question string) (bool, error) {
	if !t.InTTY || !t.ErrTTY {
		return false, fault.New(fault.Invalid, "confirm: "+question, "the command needs a confirmation, but does not run on a terminal",
			"add --yes to confirm")
	}
	fmt.Fprintf(t.Err, "%s %s ", t.errStyles.Bold.Render(question), t.errStyles.Faint.Render("[y/N]"))
	answer := make(chan string, 1)
	go func() { // a read cannot be canceled; after Ctrl-C it ends with the process
		line, _ := bufio.NewReader(t.In).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(t.Err)
		return false, ctx.Err()
	case line := <-answer:
		return line == "y" || line == "yes", nil
	}
}
