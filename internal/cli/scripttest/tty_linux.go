package scripttest

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"github.com/krowoc/krowoc/internal/testkit"
)

// openTerminal returns both ends of a pseudo terminal of 100 columns, see pts(4).
func openTerminal() (master, slave *os.File, err error) {
	master, err = os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		return nil, nil, err
	}
	fd := int(master.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: 100})
	}
	if err == nil {
		slave, err = os.OpenFile("/dev/pts/"+strconv.Itoa(number), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	return master, slave, err
}

// bareNewline is a newline without a carriage return. A line written to a raw terminal ends with it, and the next one begins where it
// ends.
var bareNewline = regexp.MustCompile(`([^\r])\n`)

func onTerminal(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: tty N TEXT COMMAND …")
	}
	master, slave, err := openTerminal()
	if err != nil {
		testkit.Skip(ts.Value(testingKey{}).(testing.TB), "no pseudo-terminal can be opened: what terminals show is not tested ("+err.Error()+")")
	}
	defer master.Close()
	path, err := exec.LookPath(args[2])
	ts.Check(err)
	cmd := exec.Command(path, args[3:]...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), slave, slave, slave
	for _, name := range []string{"PATH", "HOME", "XDG_CACHE_HOME", "TERM", "CI", "NO_COLOR", "DATABASE_URL", "KROWOC_ENV"} {
		if value := ts.Getenv(name); value != "" {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	ts.Check(cmd.Start())
	ts.Check(slave.Close())
	_, err = master.WriteString(args[1] + "\n")
	ts.Check(err)
	var shown bytes.Buffer
	_, err = io.Copy(&shown, master) // ends with EIO when the last process has let go of the terminal
	if err != nil && !errors.Is(err, syscall.EIO) {
		ts.Fatalf("read the terminal: %v", err)
	}
	err = cmd.Wait()
	text := bareNewline.ReplaceAllString(shown.String(), "$1␊\n")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	ts.Logf("[tty]\n%s", text)
	ts.Check(os.WriteFile(ts.MkAbs("tty"), []byte(text), 0o600))
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		ts.Fatalf("%v", err)
	}
	if got := cmd.ProcessState.ExitCode(); strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}
