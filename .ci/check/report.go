package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// event is a line of `go test -json`; see `go doc test2json`.
type event struct {
	Action, Package, ImportPath, Test, Output string
	Elapsed                                   float64
}

type testKey struct{ pkg, test string }

// reporter keeps the output of each test until the test ends, since only that of a failure is shown.
type reporter struct {
	out    io.Writer
	output map[testKey][]string
	skips  map[string][]string // tests, by reason
	failed bool
}

// report reads `go test -json`, prints a line for each package and the output of what fails, and at the end the tests
// that were left out, by reason: a machine that lacks a program shows at one glance what it did not test.
func report(in io.Reader, out io.Writer) error {
	r := &reporter{out: out, output: map[testKey][]string{}, skips: map[string][]string{}}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			r.line(line)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	printSkips(out, r.skips)
	if r.failed {
		return errors.New("tests failed")
	}
	return nil
}

func (r *reporter) line(line []byte) {
	var e event
	if json.Unmarshal(line, &e) != nil {
		_, _ = r.out.Write(line) // go itself reports something
		return
	}
	key := testKey{e.Package, e.Test}
	if e.ImportPath != "" {
		key = testKey{"build " + e.ImportPath, ""}
	}
	switch e.Action {
	case "output", "build-output":
		r.output[key] = append(r.output[key], e.Output)
		return
	case "skip":
		if e.Test != "" {
			reason := skipReason(r.output[key])
			r.skips[reason] = append(r.skips[reason], e.Package+"."+e.Test)
		}
	case "fail", "build-fail":
		r.failed = true
		if e.Test == "" {
			r.unended(e.Package)
		}
		fmt.Fprint(r.out, strings.Join(r.output[key], ""))
	}
	r.verdict(e)
	delete(r.output, key)
}

// unended prints the output of the tests that a failed package did not end. What `go test` prints on a timeout, the stacks of all
// goroutines included, is in the output of such a test.
func (r *reporter) unended(pkg string) {
	for key, lines := range r.output {
		if key.pkg == pkg && key.test != "" {
			fmt.Fprintf(r.out, "=== %s did not end\n%s", key.test, strings.Join(lines, ""))
			delete(r.output, key)
		}
	}
}

// verdict prints the line of a package that has ended.
func (r *reporter) verdict(e event) {
	words := map[string]string{"pass": "ok  ", "fail": "FAIL"}
	if word := words[e.Action]; word != "" && e.Test == "" {
		fmt.Fprintf(r.out, "%s  %-70s %6.1f s\n", word, e.Package, e.Elapsed)
	}
}

// skipReason returns what t.Skip was given: the last line of output that is no frame of the log.
func skipReason(lines []string) string {
	reason := "no reason given"
	for _, line := range lines {
		text := strings.TrimSpace(line)
		if text == "" || strings.HasPrefix(text, "=== ") || strings.HasPrefix(text, "--- ") {
			continue
		}
		if _, after, found := strings.Cut(text, ".go:"); found { // file.go:12: the reason
			if _, message, found := strings.Cut(after, ": "); found {
				text = message
			}
		}
		reason = text
	}
	return reason
}

func printSkips(out io.Writer, skips map[string][]string) {
	if len(skips) == 0 {
		fmt.Fprintln(out, "\nno test was left out")
		return
	}
	fmt.Fprintln(out, "\nleft out on this machine:")
	for _, reason := range slices.Sorted(maps.Keys(skips)) {
		fmt.Fprintf(out, "  %s\n", reason)
		for _, test := range slices.Sorted(slices.Values(skips[reason])) {
			fmt.Fprintf(out, "      %s\n", strings.TrimPrefix(test, "github.com/krowoc/krowoc/"))
		}
	}
}
