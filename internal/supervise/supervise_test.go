package supervise_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/supervise"
)

// TestMain becomes a back end where a test asks for one: it answers with the content of the file "version", and ends where
// that says "broken".
func TestMain(m *testing.M) {
	if os.Getenv("BACK_END") != "" {
		serveVersion()
		return
	}
	goleak.VerifyTestMain(m)
}

func serveVersion() {
	version, err := os.ReadFile("version")
	if err != nil || string(version) == "broken" {
		fmt.Println("panic: it is broken")
		os.Exit(3)
	}
	fmt.Printf("version %s on %s\n", version, os.Getenv("PORT"))
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(version) })
	if err := http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// stack is a supervisor under test, and what it has told.
type stack struct {
	*supervise.Supervisor
	t   *testing.T
	dir string

	mu     sync.Mutex
	told   []string
	change chan struct{}
}

func start(t *testing.T, dir string, processes ...supervise.Process) *stack {
	t.Helper()
	s := &stack{t: t, dir: dir, change: make(chan struct{}, 1)}
	for i := range processes {
		p := &processes[i]
		p.Dir, p.Grace = dir, time.Second
		p.Env = append(append(os.Environ(), "PYTHONUNBUFFERED=1"), p.Env...)
	}
	var err error
	s.Supervisor, err = supervise.New(supervise.Options{Processes: processes, Now: time.Now, Report: s.report})
	if err != nil {
		t.Fatal(err)
	}
	s.Start(t.Context())
	t.Cleanup(func() { s.Stop(context.Background()) })
	return s
}

func (s *stack) report(e supervise.Event) {
	text := e.Process + ": " + strings.TrimSpace(string(e.State)+" "+e.Text)
	if e.Err != nil {
		text += " ! " + e.Err.Error()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = append(s.told, text)
	select {
	case s.change <- struct{}{}:
	default:
	}
}

func (s *stack) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.told)
}

// await waits until n lines that hold text have been told.
func (s *stack) await(text string, n int) {
	s.t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		found := 0
		for _, line := range s.all() {
			if strings.Contains(line, text) {
				found++
			}
		}
		if found >= n {
			return
		}
		select {
		case <-s.change:
		case <-timeout:
			s.t.Fatalf("%d × %q was not told, but\n%s", n, text, strings.Join(s.all(), "\n"))
		}
	}
}

func backEnd(port int) supervise.Process {
	return supervise.Process{
		Name: "api", Command: "exec " + os.Args[0], Env: []string{"BACK_END=1"}, Port: port, Handover: true, Restart: supervise.Always,
		Ready: supervise.Readiness{Kind: supervise.ReadyHTTP, Value: "/"}, Watch: []string{"version"},
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func port(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func get(port int) (string, error) {
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get("http://127.0.0.1:" + strconv.Itoa(port))
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return strings.TrimSpace(string(text)), err
}

// TestHandoverDropsNobody asks all the while the back end is replaced, and breaks it in between.
func TestHandoverDropsNobody(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "version", "1")
	p := port(t)
	s := start(t, dir, backEnd(p))
	s.await("api: ready", 1)

	asked := make(chan error, 1)
	stop := make(chan struct{})
	go func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				asked <- nil
				return
			default:
			}
			if text, err := get(p); err != nil || len(text) != 1 {
				asked <- fmt.Errorf("request %d: %q, %w", n, text, err)
				return
			}
		}
	}()
	write(t, dir, "version", "2")
	s.await("version 2", 1)
	s.await("api: ready (", 2)
	if text, err := get(p); text != "2" {
		t.Error(text, err)
	}
	write(t, dir, "version", "broken")
	s.await("the previous version keeps running", 1)
	if text, err := get(p); text != "2" {
		t.Error(text, err)
	}
	write(t, dir, "version", "3")
	s.await("version 3", 1)
	s.await("api: ready (", 3)
	if text, err := get(p); text != "3" {
		t.Error(text, err)
	}
	close(stop)
	if err := <-asked; err != nil {
		t.Error(err)
	}
}

// TestFirstRequestWaits asks before the process is up; one that cannot come up says why.
func TestFirstRequestWaits(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "version", "1")
	p := backEnd(port(t))
	p.Build = "sleep 0.3; test ! -e fails"
	s := start(t, dir, p)
	s.await("api: building", 1)
	if text, err := get(p.Port); text != "1" {
		t.Error(text, err)
	}
	write(t, dir, "fails", "")
	if err := s.Restart("api"); err != nil {
		t.Fatal(err)
	}
	s.await("the previous version keeps running", 1)
	if text, err := get(p.Port); text != "1" {
		t.Error(text, err)
	}

	broken := backEnd(port(t))
	broken.Build = "false"
	s = start(t, dir, broken)
	s.await("api: failed", 1)
	if text, err := get(broken.Port); !strings.Contains(text, "api is not running: run false: exit status 1") {
		t.Error(text, err)
	}
}

func TestOrderAndReadiness(t *testing.T) {
	s := start(t, t.TempDir(),
		supervise.Process{Name: "last", Command: "echo last; sleep 1000", After: []string{"log", "once"}},
		supervise.Process{Name: "once", Command: "sleep 0.1; echo once", Ready: supervise.Readiness{Kind: supervise.ReadyExit}},
		supervise.Process{Name: "log", Command: "sleep 0.2; echo listening on 1; sleep 1000", Ready: supervise.Readiness{Kind: supervise.ReadyLog, Value: "listening on [0-9]"}},
	)
	if err := s.AwaitStart(t.Context()); err != nil {
		t.Fatal(err)
	}
	told := s.all()
	last := slices.Index(told, "last: starting")
	for _, before := range []string{"log: listening on 1", "once: once"} {
		if i := slices.Index(told, before); i < 0 || i > last {
			t.Errorf("%q does not come before the start of the last:\n%s", before, strings.Join(told, "\n"))
		}
	}
	var states []string
	for _, status := range s.Status() {
		states = append(states, fmt.Sprint(status.Name, " ", status.State, " ", status.PID > 0))
	}
	if got := strings.Join(states, ", "); got != "log ready true, once done false, last ready true" {
		t.Error(got)
	}
	s.Stop(t.Context())
	if told := strings.Join(s.all(), "\n"); strings.Index(told, "last: stopped") > strings.Index(told, "log: stopped") {
		t.Errorf("what needs others stops first:\n%s", told)
	}
}

func TestPolicies(t *testing.T) {
	s := start(t, t.TempDir(),
		supervise.Process{Name: "always", Command: "sleep 0.05", Restart: supervise.Always},
		supervise.Process{Name: "crash", Command: "sleep 0.05; exit 3", Restart: supervise.OnFailure},
		supervise.Process{Name: "fine", Command: "sleep 0.05", Restart: supervise.OnFailure},
		supervise.Process{Name: "never", Command: "sleep 0.05; exit 4", Restart: supervise.Never},
		supervise.Process{Name: "absent", Command: "no-such-program", Restart: supervise.Never, Ready: supervise.Readiness{Kind: supervise.ReadyExit}},
	)
	s.await("always: restarting in 600ms", 1)
	s.await("crash: restarting in 600ms ! run sleep 0.05; exit 3: exit status 3", 1)
	s.await("fine: stopped", 1)
	s.await("never: failed", 1)
	s.await("absent: failed", 1)
	if err := s.Restart("never"); err != nil {
		t.Error(err)
	}
	s.await("never: failed", 2)
	if err := s.Restart("nobody"); fault.CodeOf(err) != fault.NotFound {
		t.Error(err)
	}
}

// TestTakenPort has somebody else on the port that was asked for.
func TestTakenPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dir := t.TempDir()
	write(t, dir, "version", "1")
	p := backEnd(l.Addr().(*net.TCPAddr).Port)
	p.Handover = false
	s := start(t, dir, p)
	s.await("the address is in use", 1)
	s.await("api: ready", 1)
	if text, err := get(s.Status()[0].Port); text != "1" || s.Status()[0].Port == p.Port {
		t.Error(text, err)
	}
}

// TestChangeDuringStart has a process that never gets ready, until its files change.
func TestChangeDuringStart(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "server.sh", "echo first; sleep 1000")
	s := start(t, dir, supervise.Process{Name: "api", Command: "sh server.sh", Watch: []string{"*.sh"}, Ready: supervise.Readiness{Kind: supervise.ReadyLog, Value: "^up"}})
	s.await("api: first", 1)
	write(t, dir, "server.sh", "echo up; sleep 1000")
	s.await("api: ready", 1)
}

func TestMistakes(t *testing.T) {
	dir := t.TempDir()
	for want, list := range map[string][]supervise.Process{
		`duplicate process "a"`:                         {{Name: "a"}, {Name: "a"}},
		"it depends on itself: a → b → a":               {{Name: "a", After: []string{"b"}}, {Name: "b", After: []string{"a"}}},
		`it depends on "c", which is not defined`:       {{Name: "a", After: []string{"c"}}},
		"the check requires a port":                     {{Name: "a", Ready: supervise.Readiness{Kind: supervise.ReadyTCP}}},
		"handover requires a port":                      {{Name: "a", Handover: true}},
		"watch [: invalid file pattern":                 {{Name: "a", Watch: []string{"["}}},
		`folder "` + dir + `/not-there" does not exist`: {{Name: "a", Dir: dir + "/not-there", Watch: []string{"*"}}},
	} {
		failed := make(chan error, 10)
		s, err := supervise.New(supervise.Options{Processes: list, Now: time.Now, Report: func(e supervise.Event) { failed <- e.Err }})
		if err == nil { // it shows when it starts
			s.Start(t.Context())
			for err == nil {
				err = <-failed
			}
			s.Stop(t.Context())
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	for _, text := range []string{"nonsense", "http:", "http:x", "log:(", "tcp:1", "exit:0"} {
		if _, err := supervise.ParseReadiness(text); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestSlowStartIsTold has people told what a process is waited for.
func TestSlowStartIsTold(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir, supervise.Process{
		Name: "slow", Command: "until test -e go; do sleep 0.01; done; echo up; sleep 60",
		Ready: supervise.Readiness{Kind: supervise.ReadyLog, Value: "^up", Remind: 20 * time.Millisecond},
	})
	s.await("slow: starting is not ready after 0 s; waiting for a line that matches ^up", 1)
	if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.await("slow: ready", 1)
}
