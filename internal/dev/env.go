package dev

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/krowoc/krowoc/internal/atomicfile"
	"github.com/krowoc/krowoc/internal/fault"
)

// envFile is a file in the state folder with the variables of a running session, for shells and direnv.
const envFile = "env"

// Env returns the environment variables from which a program learns the URLs of a session.
func (s State) Env() []string {
	env := []string{"DATABASE_URL=" + s.DatabaseURL, "KROWOC_DATABASE_URL=" + s.DatabaseURL}
	if s.URL != "" {
		env = append(env, "KROWOC_URL="+s.URL)
	}
	return append(env, s.Vars...)
}

func writeEnv(dir string, s State) error {
	var b strings.Builder
	for _, v := range s.Env() {
		name, value, _ := strings.Cut(v, "=")
		b.WriteString("export " + name + "='" + strings.ReplaceAll(value, "'", `'\''`) + "'\n")
	}
	return fault.Wrap("write the session's variables", atomicfile.Write(filepath.Join(dir, envFile), []byte(b.String()), 0o600))
}

// Size returns the size of the local database of a state folder in bytes.
func Size(stateDir string) (int64, error) { return SizeOf(DataDir(stateDir)) }

// SizeOf returns the size of the files in a folder in bytes. A missing folder has size 0.
func SizeOf(dir string) (bytes int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			bytes += info.Size()
		}
		return err
	})
	return bytes, fault.Wrap("measure "+dir, err)
}

// Reset removes the local database of a state folder and what is recorded about it. No session may be running.
func Reset(stateDir string) error {
	if other, err := Find(stateDir); err == nil {
		return AlreadyRunning(other)
	}
	replicas, err := filepath.Glob(filepath.Join(stateDir, "postgres-replica-*"))
	if err != nil {
		return fault.Wrap("remove the local database", err)
	}
	for i := range replicas {
		replicas[i] = filepath.Base(replicas[i])
	}
	for _, name := range append(replicas, "postgres", "seeds.digest", "tables.digest", "dev.log") {
		if err := os.RemoveAll(filepath.Join(stateDir, name)); err != nil {
			return fault.Wrap("remove the local database", err)
		}
	}
	return nil
}
