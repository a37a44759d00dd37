package internal_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/config"
)

// pages returns README.md and the guides by their paths from the root of the repository.
func pages(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, pattern := range []string{"../*.md", "../docs/*.md", "../docs/decisions/*.md"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			all[strings.TrimPrefix(filepath.ToSlash(path), "../")] = string(text)
		}
	}
	return all
}

// figure is a figure in prose with the invisible comment behind it that names its source:
//
//	at most 100 rows<!-- = graphql.maxPageSize -->               the default of a key of krowoc.yaml
//	5 seconds<!-- = server.timeouts.drainDelay@production -->    its default in an environment
//	500 messages<!-- = internal/dev/mail.Capacity -->            a constant of a package
var figure = regexp.MustCompile(`([0-9][0-9.,_]*)(?:[ -]?([A-Za-zµ]+))?[^<>\n0-9]*<!-- = (\S+) -->`)

// TestFiguresInTheDocs holds figures in prose to the defaults and constants that they repeat.
func TestFiguresInTheDocs(t *testing.T) {
	defaults := configDefaults(t)
	marks := 0
	for path, text := range pages(t) {
		found := figure.FindAllStringSubmatch(text, -1)
		if marked := strings.Count(text, "<!-- = "); marked != len(found) {
			t.Errorf("%s: %d of %d marks have no figure before them on the same line", path, marked-len(found), marked)
		}
		for _, f := range found {
			marks++
			want, err := source(f[3], defaults)
			if err != nil {
				t.Errorf("%s: %s: %v", path, f[0], err)
				continue
			}
			if got := amount(f[1], f[2]); got != want {
				t.Errorf("%s: %q is %v, and %s is %v", path, f[0], got, f[3], want)
			}
		}
	}
	if marks == 0 {
		t.Error("no figure is marked")
	}
}

// configDefaults returns the default of every key, as key@environment.
func configDefaults(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "krowoc.yaml"), []byte("project: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, environment := range []string{config.Development, config.Test, config.Production} {
		c, err := config.Load(config.Options{Dir: dir, Environment: environment, Environ: []string{"KROWOC_DATABASE_URL=postgres://localhost/x"}})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range c.Settings() {
			all[s.Key+"@"+environment] = s.Text()
		}
	}
	return all
}

// source returns the amount that a mark names.
func source(name string, defaults map[string]string) (float64, error) {
	if folder, constant, ok := cutLast(name, "."); ok && strings.HasPrefix(folder, "internal/") {
		return constantIn(folder, constant)
	}
	if !strings.Contains(name, "@") {
		name += "@" + config.Development
	}
	text, known := defaults[name]
	if !known {
		return 0, fmt.Errorf("there is no key %s", name)
	}
	if d, err := time.ParseDuration(text); err == nil {
		return float64(d), nil
	}
	digits := strings.TrimRight(text, "KMGiB")
	return amount(digits, text[len(digits):]), nil
}

func cutLast(text, separator string) (before, after string, found bool) {
	at := strings.LastIndex(text, separator)
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+len(separator):], true
}

// units are the units that change an amount: durations in nanoseconds, sizes in bytes. Any other word is what is counted.
var units = map[string]float64{
	"ms": 1e6, "milliseconds": 1e6, "s": 1e9, "second": 1e9, "seconds": 1e9, "min": 60e9, "minute": 60e9, "minutes": 60e9,
	"h": 3600e9, "hour": 3600e9, "hours": 3600e9, "day": 86400e9, "days": 86400e9,
	"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "KB": 1e3, "MB": 1e6, "GB": 1e9,
}

func amount(digits, unit string) float64 {
	n, err := strconv.ParseFloat(strings.NewReplacer(",", "", "_", "").Replace(strings.TrimRight(digits, ".,")), 64)
	if err != nil {
		return -1
	}
	if factor, known := units[unit]; known {
		return n * factor
	}
	return n
}

// constantIn returns the value of a constant of a package, read from its source.
func constantIn(folder, name string) (float64, error) {
	paths, err := filepath.Glob("../" + folder + "/*.go")
	if err != nil {
		return 0, err
	}
	constants := map[string]ast.Expr{}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return 0, err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok {
				for i, ident := range spec.Names {
					if i < len(spec.Values) {
						constants[ident.Name] = spec.Values[i]
					}
				}
			}
			return true
		})
	}
	value, known := constants[name]
	if !known {
		return 0, fmt.Errorf("%s has no constant %s", folder, name)
	}
	return evaluate(value, constants)
}

// durations are the constants of package time.
var durations = map[string]float64{"Millisecond": 1e6, "Second": 1e9, "Minute": 60e9, "Hour": 3600e9}

// evaluate returns the value of a constant expression of numbers, durations and other constants of the package.
func evaluate(e ast.Expr, constants map[string]ast.Expr) (float64, error) {
	switch e := e.(type) {
	case *ast.BasicLit:
		return strconv.ParseFloat(strings.ReplaceAll(e.Value, "_", ""), 64)
	case *ast.ParenExpr:
		return evaluate(e.X, constants)
	case *ast.Ident:
		if value, known := constants[e.Name]; known {
			return evaluate(value, constants)
		}
	case *ast.SelectorExpr:
		if d, known := durations[e.Sel.Name]; known {
			return d, nil
		}
	case *ast.BinaryExpr:
		x, err := evaluate(e.X, constants)
		if err != nil {
			return 0, err
		}
		y, err := evaluate(e.Y, constants)
		if err != nil {
			return 0, err
		}
		switch e.Op {
		case token.MUL:
			return x * y, nil
		case token.ADD:
			return x + y, nil
		case token.SHL:
			return x * float64(int64(1)<<int64(y)), nil
		}
	}
	return 0, fmt.Errorf("the constant is not a number that this test can read")
}

var (
	link      = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading   = regexp.MustCompile(`(?m)^#+ (.+)$`)
	anchorOut = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	fence     = regexp.MustCompile("(?ms)^```.*?^```$")
)

// TestLinksInTheDocs: every link to a file or a heading of the repository leads somewhere.
func TestLinksInTheDocs(t *testing.T) {
	all := pages(t)
	anchors := map[string]map[string]bool{}
	for path, text := range all {
		anchors[path] = map[string]bool{}
		for _, h := range heading.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
			anchors[path][strings.ReplaceAll(anchorOut.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-")] = true
		}
	}
	for path, text := range all {
		for _, m := range link.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			file, anchor, _ := strings.Cut(m[1], "#")
			target := path
			if file != "" {
				target = filepath.ToSlash(filepath.Join(filepath.Dir(path), file))
			}
			if _, err := os.Stat("../" + target); err != nil {
				t.Errorf("%s: the link %s leads to no file", path, m[1])
			} else if anchor != "" && all[target] != "" && !anchors[target][anchor] {
				t.Errorf("%s: the link %s leads to no heading", path, m[1])
			}
		}
	}
}
