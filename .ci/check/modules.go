package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const modulesPage = "docs/modules.md"

// platforms are those whose binaries are released, and the one with cgo that developers build.
var platforms = [][]string{
	{"GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=1"}, {"GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0"},
	{"GOOS=darwin", "GOARCH=arm64", "CGO_ENABLED=0"}, {"GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0"},
}

// modules compares the page with what the binary links, or with write adds and removes its rows.
func modules(ctx context.Context, write bool) error {
	linked, err := linkedModules(ctx)
	if err != nil {
		return err
	}
	page, err := os.ReadFile(modulesPage)
	if err != nil {
		return err
	}
	if write {
		return os.WriteFile(modulesPage, rewrite(page, linked), 0o644)
	}
	if problems := disagreements(page, linked); len(problems) > 0 {
		return errors.New(modulesPage + " is out of date; run `make modules-update` and review its rows:\n  " + strings.Join(problems, "\n  "))
	}
	fmt.Printf("%d modules are linked and reviewed\n", len(linked))
	return nil
}

// linkedModules returns the modules that cmd/krowoc links on any platform, and their folders in the module cache.
func linkedModules(ctx context.Context) (map[string]string, error) {
	linked := map[string]string{}
	for _, platform := range platforms {
		out, err := output(ctx, platform, "go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Dir}}{{end}}{{end}}", "./cmd/krowoc")
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(out) {
			if path, dir, found := strings.Cut(strings.TrimSpace(line), " "); found {
				linked[path] = dir
			}
		}
	}
	return linked, nil
}

// rows returns the table's rows by module.
func rows(page []byte) map[string]string {
	found := map[string]string{}
	for line := range bytes.Lines(page) {
		if cells := strings.Split(string(line), "|"); len(cells) == 4 && strings.HasPrefix(string(line), "| `") {
			found[strings.Trim(cells[1], " `")] = strings.TrimSpace(cells[2])
		}
	}
	return found
}

// disagreements lists the modules that are linked and not on the page, on the page and not linked, or without a licence.
func disagreements(page []byte, linked map[string]string) []string {
	var problems []string
	listed := rows(page)
	for _, path := range slices.Sorted(maps.Keys(linked)) {
		switch licence, found := listed[path]; {
		case !found:
			problems = append(problems, path+" is linked and not listed")
		case licence == "" || licence == unknownLicence:
			problems = append(problems, path+" has no licence")
		}
	}
	for _, path := range slices.Sorted(maps.Keys(listed)) {
		if _, found := linked[path]; !found {
			problems = append(problems, path+" is listed and no longer linked")
		}
	}
	return problems
}

// rewrite writes the table again, keeping the licences that are on the page.
func rewrite(page []byte, linked map[string]string) []byte {
	listed := rows(page)
	var out bytes.Buffer
	for line := range bytes.Lines(page) {
		if !bytes.HasPrefix(line, []byte("| `")) {
			out.Write(line)
		}
		if !bytes.HasPrefix(line, []byte("| --- |")) {
			continue
		}
		for _, path := range slices.Sorted(maps.Keys(linked)) {
			licence := listed[path]
			if licence == "" {
				licence = licenceOf(linked[path])
			}
			fmt.Fprintf(&out, "| `%s` | %s |\n", path, licence)
		}
	}
	return out.Bytes()
}

const unknownLicence = "?"

// licences are recognised by a phrase of their text, the most particular first.
var licences = []struct{ phrase, name string }{
	{"Mozilla Public License", "MPL-2.0"},
	{"GNU AFFERO GENERAL PUBLIC LICENSE", "AGPL-3.0"},
	{"GNU LESSER GENERAL PUBLIC LICENSE", "LGPL"},
	{"GNU GENERAL PUBLIC LICENSE", "GPL"},
	{"Apache License", "Apache-2.0"},
	{"Neither the name", "BSD-3-Clause"},
	{"names of its contributors may", "BSD-3-Clause"},
	{"Redistribution and use in source and binary forms", "BSD-2-Clause"},
	{"Permission is hereby granted, free of charge", "MIT"},
	{"Permission to use, copy, modify, and/or distribute", "ISC"},
	{"Permission to use, copy, modify, and distribute", "ISC"},
	{"PostgreSQL License", "PostgreSQL"},
	{"This is free and unencumbered software", "Unlicense"},
	{"CC0 1.0 Universal", "CC0-1.0"},
}

// licenceOf guesses the SPDX name of a module's licence from its file. A reviewer confirms it.
func licenceOf(dir string) string {
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, file := range files {
		name := strings.ToUpper(filepath.Base(file))
		if !strings.HasPrefix(name, "LICEN") && !strings.HasPrefix(name, "COPYING") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		flat := strings.Join(strings.Fields(string(text)), " ")
		for _, l := range licences {
			if strings.Contains(flat, l.phrase) {
				return l.name
			}
		}
	}
	return unknownLicence
}
