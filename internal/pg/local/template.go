package local

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
)

// passwordFile is a file in our data folders with the password of the user postgres. It is part of the template, so all data folders of a
// user share the password. Other users cannot read it.
const passwordFile = "krowoc.password"

// templateFormat changes when templates must be recreated for a reason that is not part of their key.
const templateFormat = "1"

// initdbArgs are initdb's arguments for one of the locales to try.
func (s *starting) initdbArgs(locale []string) []string {
	args := []string{"--username=postgres", "--encoding=UTF8", "--auth=scram-sha-256", "--no-sync"}
	return append(args, locale...)
}

// locales returns the locales to try, the best one first. The best one sorts by code point and uses Unicode's upper and lower case, on
// every system. Postgres has it since version 17; before, it depends on the system.
func (b *binaries) locales() [][]string {
	if b.major >= 17 {
		return [][]string{{"--locale-provider=builtin", "--locale=C.UTF-8"}}
	}
	return [][]string{{"--locale=C.UTF-8"}, {"--locale=C", "--lc-ctype=en_US.UTF-8"}, {"--locale=C"}}
}

// ensureTemplate returns the template of data folders. It runs initdb once per version to create it.
func (s *starting) ensureTemplate(ctx context.Context) (string, error) {
	account := s.data.account.String()
	key := sha256.Sum256([]byte(strings.Join([]string{templateFormat, s.bin.dir, s.bin.version, account}, "\x00")))
	dir := filepath.Join(s.templatesDir(), s.bin.version+"-"+hex.EncodeToString(key[:6]))
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	err := s.phase(PhaseInit, func() error {
		lock, err := waitLock(ctx, dir+".lock")
		if err != nil {
			return err
		}
		defer lock.unlock()
		if _, err := os.Stat(dir); err == nil {
			return nil
		}
		return s.makeTemplate(ctx, dir)
	})
	return dir, err
}

// makeTemplate runs initdb in a temporary folder and renames it to dir, so that dir is never incomplete.
func (s *starting) makeTemplate(ctx context.Context, dir string) error {
	fresh, err := os.MkdirTemp(s.templatesDir(), ".new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(fresh)
	password, data := filepath.Join(fresh, "password"), filepath.Join(fresh, "data")
	if err := os.WriteFile(password, []byte(rand.Text()), 0o600); err != nil {
		return err
	}
	for _, path := range []string{fresh, password} {
		if err := s.data.account.own(path); err != nil {
			return err
		}
	}
	for _, locale := range s.bin.locales() {
		args := append(s.initdbArgs(locale), "--pwfile="+password, "--pgdata="+data)
		if err = s.runInitdb(ctx, fresh, args); err == nil || ctx.Err() != nil || !strings.Contains(err.Error(), "locale") {
			break
		}
	}
	if err != nil {
		return err
	}
	if err := os.Rename(password, filepath.Join(data, passwordFile)); err != nil {
		return err
	}
	return os.Rename(data, dir)
}

func (s *starting) runInitdb(ctx context.Context, dir string, args []string) error {
	cmd := exec.CommandContext(ctx, s.bin.initdb(), args...)
	cmd.Dir, cmd.Env = dir, serverEnv()
	s.data.account.configure(cmd)
	out, err := cmd.CombinedOutput()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return &fault.Error{Code: fault.Unavailable, Op: "run " + s.bin.initdb(), Message: initdbReason(out), Err: err}
}

// initdbReason returns the error messages in the output of initdb.
func initdbReason(out []byte) string {
	var reasons []string
	for line := range strings.Lines(string(out)) {
		for _, mark := range []string{"error: ", "FATAL:  ", "PANIC:  ", "could not "} {
			if _, reason, ok := strings.Cut(line, mark); ok {
				reasons = append(reasons, strings.TrimPrefix(mark, "error: ")+strings.TrimSpace(reason))
				break
			}
		}
	}
	if len(reasons) == 0 {
		return lastLine(out)
	}
	return strings.Join(reasons, "; ")
}

func lastLine(text []byte) string {
	text = bytes.TrimSpace(text)
	return string(text[bytes.LastIndexByte(text, '\n')+1:])
}
