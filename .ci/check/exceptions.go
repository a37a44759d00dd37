package main

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"errors"

	"gopkg.in/yaml.v3"
)

// exception accepts one vulnerability until a date.
type exception struct {
	ID      string `yaml:"id"`
	Reason  string `yaml:"reason"`
	Expires string `yaml:"expires"` // YYYY-MM-DD, the last day on which it holds
}

// parseExceptions reads a list of exceptions. Each needs an id, a reason and a date.
func parseExceptions(text []byte) ([]exception, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	var list []exception
	if err := decoder.Decode(&list); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	for _, e := range list {
		if e.ID == "" || strings.TrimSpace(e.Reason) == "" {
			return nil, fmt.Errorf("the exception %q needs an id and a reason", e.ID)
		}
		if _, err := time.Parse(time.DateOnly, e.Expires); err != nil {
			return nil, fmt.Errorf("the exception %s needs an expiry date such as 2027-01-31: %w", e.ID, err)
		}
	}
	return list, nil
}

// judge returns what is wrong: findings without an exception, exceptions that have expired, and exceptions that nothing
// needs any more.
func judge(findings map[string]string, exceptions []exception, now time.Time) []string {
	var problems []string
	excepted := map[string]bool{}
	for _, e := range exceptions {
		excepted[e.ID] = true
		expires, _ := time.Parse(time.DateOnly, e.Expires)
		_, found := findings[e.ID]
		switch {
		case !found:
			problems = append(problems, fmt.Sprintf("%s: nothing calls it any more; remove its exception", e.ID))
		case !now.Before(expires.AddDate(0, 0, 1)):
			problems = append(problems, fmt.Sprintf("%s: the exception expired on %s (%s): %s", e.ID, e.Expires, e.Reason, findings[e.ID]))
		}
	}
	for id, finding := range findings {
		if !excepted[id] {
			problems = append(problems, id+": "+finding)
		}
	}
	slices.Sort(problems)
	return problems
}
