package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const exceptionsFile = ".ci/vulnerabilities.yaml"

// vulnerabilities runs govulncheck on the whole module and fails for each vulnerability that the code calls.
func vulnerabilities(ctx context.Context, now time.Time) error {
	text, err := os.ReadFile(exceptionsFile)
	if err != nil {
		return err
	}
	exceptions, err := parseExceptions(text)
	if err != nil {
		return fmt.Errorf("%s: %w", exceptionsFile, err)
	}
	database, err := vulnerabilityDatabase(ctx)
	if err != nil {
		return err
	}
	out, err := output(ctx, nil, "go", "tool", "-modfile=.ci/tools/govulncheck.mod", "govulncheck",
		"-format", "json", "-db", "file://"+filepath.ToSlash(database), "./...")
	if err != nil {
		return err
	}
	findings, err := called(strings.NewReader(out))
	if err != nil {
		return err
	}
	if problems := judge(findings, exceptions, now); len(problems) > 0 {
		return errors.New("known vulnerabilities:\n  " + strings.Join(problems, "\n  "))
	}
	fmt.Printf("no known vulnerability is called; %d exceptions; database %s\n", len(exceptions), filepath.Base(filepath.Dir(filepath.Dir(database))))
	return nil
}

// vulnerabilityDatabase returns the folder of OSV files in the module golang.org/x/vulndb: the newest version that the
// proxy has, or where none answers the newest in the module cache. govulncheck reads such a folder as it is.
func vulnerabilityDatabase(ctx context.Context) (string, error) {
	const name = "golang.org/x/vulndb"
	if out, err := output(ctx, nil, "go", "mod", "download", "-json", name+"@latest"); err == nil {
		var module struct{ Dir string }
		if err := json.Unmarshal([]byte(out), &module); err != nil {
			return "", err
		}
		return filepath.Join(module.Dir, "data", "osv"), nil
	}
	cache, err := output(ctx, nil, "go", "env", "GOMODCACHE")
	if err != nil {
		return "", err
	}
	found, err := filepath.Glob(filepath.Join(cache, filepath.FromSlash(name)+"@*", "data", "osv"))
	if err != nil || len(found) == 0 {
		return "", errors.Join(errors.New("the module proxy has no "+name+" and the module cache neither"), err)
	}
	return slices.Max(found), nil // pseudo-versions sort by date
}

// called reads govulncheck's JSON and returns, by id, the vulnerabilities of which the code calls a function.
func called(r io.Reader) (map[string]string, error) {
	type frame struct {
		Module   string `json:"module"`
		Version  string `json:"version"`
		Package  string `json:"package"`
		Function string `json:"function"`
		Receiver string `json:"receiver"`
	}
	found := map[string]string{}
	for d := json.NewDecoder(r); ; {
		var message struct {
			Finding *struct {
				OSV          string  `json:"osv"`
				FixedVersion string  `json:"fixed_version"`
				Trace        []frame `json:"trace"`
			} `json:"finding"`
		}
		switch err := d.Decode(&message); {
		case errors.Is(err, io.EOF):
			return found, nil
		case err != nil:
			return nil, fmt.Errorf("read govulncheck's JSON: %w", err)
		}
		f := message.Finding
		if f == nil || len(f.Trace) == 0 || f.Trace[0].Function == "" {
			continue // the module is required or the package imported, but nothing vulnerable is called
		}
		at := f.Trace[0]
		fix := "no version fixes it yet"
		if f.FixedVersion != "" {
			fix = "fixed in " + f.FixedVersion
		}
		found[f.OSV] = fmt.Sprintf("%s@%s: %s.%s is called; %s", at.Module, at.Version, at.Package, strings.TrimPrefix(at.Receiver+"."+at.Function, "."), fix)
	}
}
