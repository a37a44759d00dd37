// Command check holds the checks of the workshop that need more than a line of shell. The Makefile calls it from the
// root of the repository:
//
//	go run ./.ci/check report            summarise `go test -json` from stdin; list skipped tests last
//	go run ./.ci/check vulnerabilities   run govulncheck on an offline database, honour dated exceptions
//	go run ./.ci/check modules [-w]      compare the modules the binary links with docs/modules.md
//	go run ./.ci/check subjects          check that commit subjects read `area: verb object`
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "check:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	command, rest := "", []string(nil)
	if len(args) > 0 {
		command, rest = args[0], args[1:]
	}
	switch command {
	case "report":
		return report(os.Stdin, os.Stdout)
	case "vulnerabilities":
		return vulnerabilities(ctx, time.Now())
	case "modules":
		return modules(ctx, len(rest) > 0 && rest[0] == "-w")
	case "subjects":
		return subjects(ctx)
	}
	return fmt.Errorf("unknown check %q; use report, vulnerabilities, modules or subjects", command)
}

// output runs a program and returns its standard output; its standard error is ours.
func output(ctx context.Context, environ []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), environ...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}
