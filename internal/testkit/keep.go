package testkit

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// keep reports whether KROWOC_TEST_KEEP asks for the Postgres of the tests to stay up after them, so that a failed test's
// database can be looked at.
func keep() bool { return os.Getenv("KROWOC_TEST_KEEP") != "" }

// waitForInterrupt holds the process, and with it the server, until somebody presses Ctrl-C.
func waitForInterrupt() {
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(interrupted)
	fmt.Fprintln(os.Stderr, "KROWOC_TEST_KEEP is set: Postgres stays up until Ctrl-C")
	<-interrupted
}
