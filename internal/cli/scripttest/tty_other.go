//go:build !linux

package scripttest

import "github.com/rogpeppe/go-internal/testscript"

func onTerminal(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Fatalf("start the script with: [!linux] skip")
}
