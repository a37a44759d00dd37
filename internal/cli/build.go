package cli

import (
	"runtime/debug"
	"strings"

	"github.com/krowoc/krowoc/internal/cli/factory"
)

// BuildInfo identifies this krowoc: the values that the linker set, completed by those that the Go tool recorded.
func BuildInfo(version, commit, date string) factory.Build {
	b := factory.Build{Version: version, Commit: commit, Date: date}
	info, ok := debug.ReadBuildInfo()
	if ok && b.Version == "" && info.Main.Version != "(devel)" {
		b.Version = strings.TrimPrefix(info.Main.Version, "v")
	}
	if b.Version == "" {
		b.Version = "dev"
	}
	if !ok {
		return b
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && b.Commit == "":
			b.Commit = s.Value
		case s.Key == "vcs.time" && b.Date == "":
			b.Date = s.Value
		}
	}
	return b
}
