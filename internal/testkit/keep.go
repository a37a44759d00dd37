package testkit

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// keep reports whether KROWOC_TEST_KEEP is set, which keeps the Postgres of the tests running afterwards, so that you can inspect the
// database of a failed test.
func keep() bool { return os.Getenv("KROWOC_TEST_KEEP") != "" }

// waitForInterrupt keeps the process and its server running until Ctrl-C.
func waitForInterrupt() {
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(interrupted)
	fmt.Fprintln(os.Stderr, "KROWOC_TEST_KEEP is set: Postgres stays up until Ctrl-C")
	<-interrupted
}
