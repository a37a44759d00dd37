package term

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
)

// Confirm asks a question on Err and reports whether the answer is yes; anything but y or yes is no. Where
// nobody can answer it is an error that names --yes.
func (t *Terminal) Confirm(ctx context.Context, question string) (bool, error) {
	if !t.InTTY || !t.ErrTTY {
		return false, fault.New(fault.Invalid, "confirm: "+question, "this is not a terminal, so nobody can answer",
			"add --yes if you mean it")
	}
	fmt.Fprintf(t.Err, "%s %s ", t.errStyles.Bold.Render(question), t.errStyles.Faint.Render("[y/N]"))
	answer := make(chan string, 1)
	go func() { // a read cannot be stopped; after Ctrl-C it ends with the process
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
