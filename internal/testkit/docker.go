package testkit

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"
)

// NeedDocker skips a test where no Docker engine answers, unless KROWOC_TEST_DOCKER is "require".
func NeedDocker(t testing.TB) {
	t.Helper()
	if os.Getenv("KROWOC_TEST_DOCKER") == "require" || dockerAnswers(t.Context()) {
		return
	}
	t.Skip("no Docker engine answers here: what runs in containers is not tested")
}

func dockerAnswers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return exec.CommandContext(ctx, "docker", "info").Run() == nil
}
