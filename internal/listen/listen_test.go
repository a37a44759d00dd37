package listen

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/krowoc/krowoc/internal/fault"
)

// TestHolderReadsProc uses a folder like /proc, since what the real one shows depends on the machine.
func TestHolderReadsProc(t *testing.T) {
	proc := t.TempDir()
	for name, content := range map[string]string{
		"net/tcp6": "  sl  local_address remote_address st tx_queue rx_queue tr tm->when retrnsmt uid timeout inode\n" +
			"   0: 00000000000000000000000000000000:1F90 0000:0000 0A 0:0 00:0 0 0 0 4711 1 0\n" +
			"   1: 00000000000000000000000000000000:1F91 0000:0000 01 0:0 00:0 0 0 0 4712 1 0\n" +
			"   2: short\n",
		"42/comm": "node\n",
	} {
		path := filepath.Join(proc, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(proc, "42/fd"), 0o755); err != nil {
		t.Fatal(err)
	}
	for fd, target := range map[string]string{"3": "socket:[4711]", "4": "socket:[4712]"} {
		if err := os.Symlink(target, filepath.Join(proc, "42/fd", fd)); err != nil {
			t.Skip("no symbolic links here:", err)
		}
	}
	for address, want := range map[string]string{
		"127.0.0.1:8080": " by node (pid 42)",
		"127.0.0.1:8081": "", // connected, not listening
		"127.0.0.1:9":    "",
		"127.0.0.1:http": "",
		"nonsense":       "",
	} {
		if got := holder(proc, address); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}

func TestNearTakesAnotherPort(t *testing.T) {
	first, taken, err := Near(t.Context(), "127.0.0.1:0")
	if err != nil || taken != nil {
		t.Fatal(taken, err)
	}
	defer first.Close()
	second, taken, err := Near(t.Context(), first.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if fault.CodeOf(taken) != fault.Conflict || second.Addr().String() == first.Addr().String() {
		t.Errorf("it listens on %s, and says %v", second.Addr(), taken)
	}
	if _, _, err := Near(t.Context(), "127.0.0.1"); err == nil || err.Error() == "" {
		t.Error("an address without a port is taken")
	}
}
