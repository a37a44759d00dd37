package local

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/krowoc/krowoc/internal/fault"
)

// Tool finds a program of Postgres, such as pg_dump, of a major version or a later one: in the PATH and where installers
// put Postgres. The newest one is returned.
func Tool(ctx context.Context, env func(string) string, name string, major int) (string, error) {
	var best string
	newest := 0
	for _, dir := range append(filepath.SplitList(env("PATH")), expanded(usualFolders())...) {
		path := filepath.Join(dir, name+exeSuffix)
		if info, err := os.Stat(path); err != nil || info.IsDir() {
			continue
		}
		out, err := exec.CommandContext(ctx, path, "--version").Output()
		if err != nil {
			continue
		}
		if m := versionPattern.FindSubmatch(out); m != nil {
			if n, err := strconv.Atoi(string(m[2])); err == nil && n > newest {
				best, newest = path, n
			}
		}
	}
	if newest >= major && best != "" {
		return best, nil
	}
	message := fmt.Sprintf("%s is not installed", name)
	if best != "" {
		message = fmt.Sprintf("%s is of PostgreSQL %d, and the server is %d", best, newest, major)
	}
	return "", fault.New(fault.Unavailable, "find "+name, message, fmt.Sprintf("Install the client programs of PostgreSQL %d or later: Debian's postgresql-client, Homebrew's libpq.", major))
}

func expanded(patterns []string) (dirs []string) {
	for _, p := range patterns {
		matches, _ := filepath.Glob(p)
		dirs = append(dirs, matches...)
	}
	return dirs
}
