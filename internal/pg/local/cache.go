package local

import (
	"path/filepath"
	"runtime"

	"github.com/krowoc/krowoc/internal/fault"
)

// CacheDir returns the user's cache folder for Krowoc.
func CacheDir(env func(string) string) (string, error) {
	a, err := serverAccount()
	if err != nil {
		return "", err
	}
	return defaultCacheDir(env, a)
}

// defaultCacheDir returns the user's cache folder for Krowoc's Postgres. Root uses a folder of the system, because the account of the
// server cannot enter root's home folder.
func defaultCacheDir(env func(string) string, a *account) (string, error) {
	if a != nil {
		return "/var/cache/krowoc", nil
	}
	home := env("HOME")
	for _, c := range []struct{ os, base, rest string }{
		{"windows", env("LocalAppData"), ""},
		{"darwin", home, "Library/Caches"},
		{"", env("XDG_CACHE_HOME"), ""},
		{"", home, ".cache"},
	} {
		if c.base != "" && (c.os == "" || c.os == runtime.GOOS) {
			return filepath.Join(c.base, c.rest, "krowoc"), nil
		}
	}
	return "", fault.New(fault.Invalid, "find the cache folder", "HOME is not set", "set HOME or XDG_CACHE_HOME")
}
