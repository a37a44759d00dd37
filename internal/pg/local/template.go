package local

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
)

// passwordFile is in every data folder that we made and holds the password of user postgres.
const passwordFile = "krowoc.password"

func (s *starting) initdbArgs() []string {
	args := []string{"--username=postgres", "--encoding=UTF8", "--auth=scram-sha-256", "--no-sync", "--no-instructions"}
	if s.bin.major >= 17 {
		return append(args, "--locale-provider=builtin", "--locale=C.UTF-8")
	}
	return append(args, "--locale=C.UTF-8")
}

// ensureTemplate returns the folder of a data folder made by initdb, made once for a version and its options.
func (s *starting) ensureTemplate(ctx context.Context) (string, error) {
	key := sha256.Sum256([]byte(strings.Join(append([]string{s.bin.dir, s.bin.version, s.account.String()}, s.initdbArgs()...), "\x00")))
	dir := filepath.Join(s.CacheDir, "templates", s.bin.version+"-"+hex.EncodeToString(key[:6]))
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	err := s.phase(PhaseInit, func() error { return s.makeTemplate(ctx, dir) })
	return dir, err
}

// makeTemplate runs initdb in a folder beside dir and renames it, so that dir is whole from its first moment.
// Several processes may do so at once: the first to finish wins.
func (s *starting) makeTemplate(ctx context.Context, dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), ".new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if err := s.account.own(tmp); err != nil {
		return err
	}
	password := filepath.Join(tmp, "password")
	data := filepath.Join(tmp, "data")
	if err := os.WriteFile(password, []byte(rand.Text()), 0o600); err != nil {
		return err
	}
	if err := s.account.own(password); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, s.bin.initdb(), append(s.initdbArgs(), "--pwfile="+password, "--pgdata="+data)...)
	cmd.Dir = tmp
	cmd.Env = serverEnv
	s.account.run(cmd)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return &fault.Error{Code: fault.Internal, Op: "run initdb", Message: fmt.Sprintf("%v: %s", err, lastLine(out.String())), Err: err}
	}
	if err := os.Rename(password, filepath.Join(data, passwordFile)); err != nil {
		return err
	}
	if err := os.Rename(data, dir); err != nil {
		if _, statErr := os.Stat(dir); statErr == nil {
			return nil
		}
		return err
	}
	return nil
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// copyTemplate makes DataDir a copy of the template, whole from its first moment.
func (s *starting) copyTemplate(ctx context.Context, template string) error {
	parent := filepath.Dir(s.DataDir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	if s.Ephemeral {
		return copyTree(ctx, template, s.DataDir, s.account)
	}
	tmp, err := os.MkdirTemp(parent, ".new-postgres-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if err := copyTree(ctx, template, tmp, s.account); err != nil {
		return err
	}
	return os.Rename(tmp, s.DataDir)
}
