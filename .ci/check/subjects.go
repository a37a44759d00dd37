package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// subjectsSince holds the last commit before the rule; later ones keep it.
const subjectsSince = ".ci/subjects-since"

// subject is the form of a commit's first line: one area, a colon, and a verb with its object. The area is a path in lower
// case, below internal or from the root.
var subject = regexp.MustCompile(`^\.?[a-z0-9][a-z0-9._-]*(/[a-z0-9._-]+)*: [a-z][a-z-]* \S(.*[^.\s])?$`)

// wrongSubject says what is wrong with a subject, or "".
func wrongSubject(line string) string {
	area, phrase, _ := strings.Cut(line, ": ")
	switch {
	case strings.HasPrefix(area, "internal/"):
		return "leave out internal/"
	case strings.ContainsAny(area, ", {*"):
		return "name one area: the folder that the commit changes, or the one above them all"
	case strings.ToLower(area) != area:
		return "write the area in lower case, such as docs"
	case phrase != "" && strings.ToLower(phrase[:1]) != phrase[:1]:
		return "begin with a verb in lower case"
	case !subject.MatchString(line):
		return "write `area: verb object` without a full stop, such as `seed/make: infer a code column`"
	}
	return ""
}

// subjects checks every commit since the rule. A shallow clone, which does not hold them all, is checked as far as it goes.
func subjects(ctx context.Context) error {
	text, err := os.ReadFile(subjectsSince)
	if err != nil {
		return err
	}
	commits := strings.TrimSpace(string(text)) + "..HEAD"
	list, err := output(ctx, nil, "git", "log", "--no-merges", "--format=%h %s", commits)
	if err != nil {
		if list, err = output(ctx, nil, "git", "log", "--no-merges", "--max-count=1", "--format=%h %s"); err != nil {
			return err
		}
		fmt.Println("the clone is shallow: only the newest subject is checked")
	}
	var wrong []string
	for line := range strings.Lines(list) {
		hash, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if complaint := wrongSubject(rest); complaint != "" {
			wrong = append(wrong, fmt.Sprintf("%s %q: %s", hash, rest, complaint))
		}
	}
	if len(wrong) > 0 {
		return errors.New("commit subjects:\n  " + strings.Join(wrong, "\n  "))
	}
	return nil
}
