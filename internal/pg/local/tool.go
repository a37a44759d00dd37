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

// Tool returns the newest installed version of a Postgres program such as pg_dump, of at least the given major version. It searches PATH
// and the folders of installers.
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
		message = fmt.Sprintf("%s has version %d, but the server has version %d", best, newest, major)
	}
	return "", fault.New(fault.Unavailable, "find "+name, message, fmt.Sprintf("install the client programs of PostgreSQL %d or later: postgresql-client (Debian) or libpq (Homebrew)", major))
}

func expanded(patterns []string) (dirs []string) {
	for _, p := range patterns {
		matches, _ := filepath.Glob(p)
		dirs = append(dirs, matches...)
	}
	return dirs
}
