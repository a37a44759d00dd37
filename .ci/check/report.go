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

// report reads `go test -json`, prints a line for each package and the output of what fails, and at the end the tests
// that were left out, by reason: a machine that lacks a program shows at one glance what it did not test.
func report(in io.Reader, out io.Writer) error {
	output := map[testKey][]string{}
	skips := map[string][]string{}
	failed := 0
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil {
				out.Write(line) // go itself speaks
				continue
			}
			key := testKey{e.Package, e.Test}
			switch e.Action {
			case "output", "build-output":
				if e.Action == "build-output" {
					key = testKey{"build " + e.ImportPath, ""}
				}
				output[key] = append(output[key], e.Output)
			case "build-fail":
				failed++
				io.WriteString(out, strings.Join(output[testKey{"build " + e.ImportPath, ""}], ""))
			case "skip":
				if e.Test != "" {
					reason := skipReason(output[key])
					skips[reason] = append(skips[reason], e.Package+"."+e.Test)
				}
				delete(output, key)
			case "pass":
				if e.Test == "" {
					fmt.Fprintf(out, "ok    %-70s %6.1f s\n", e.Package, e.Elapsed)
				}
				delete(output, key)
			case "fail":
				failed++
				io.WriteString(out, strings.Join(output[key], ""))
				if e.Test == "" {
					fmt.Fprintf(out, "FAIL  %-70s %6.1f s\n", e.Package, e.Elapsed)
				}
				delete(output, key)
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	printSkips(out, skips)
	if failed > 0 {
		return errors.New("tests failed")
	}
	return nil
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
