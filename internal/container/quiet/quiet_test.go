package quiet_test

import (
	"os"
	"testing"

	"github.com/krowoc/krowoc/internal/container/quiet"
)

// The package has changed HOST_PROC when it was initialized; Restore removes every trace of that.
func TestRestore(t *testing.T) {
	if got := os.Getenv("HOST_PROC"); got != os.DevNull {
		t.Fatalf("HOST_PROC is %q before Restore", got)
	}
	if !quiet.Restore() {
		t.Error("Restore failed")
	}
	if got, set := os.LookupEnv("HOST_PROC"); set {
		t.Errorf("HOST_PROC is %q after Restore", got)
	}
}
