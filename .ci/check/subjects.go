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

// subject is the form of a commit's first line: the area, a colon, and a phrase that begins in lower case or with a name
// that is written in capitals. An area is a path below internal, or a file or folder of the root; several are separated
// by commas.
var subject = regexp.MustCompile(`^[\w./*{}-]+(, ?[\w./*{}-]+)*: \S.*[^.\s]$`)

// wrongSubject says what is wrong with a subject, or "".
func wrongSubject(line string) string {
	area, phrase, _ := strings.Cut(line, ": ")
	first, _, _ := strings.Cut(phrase, " ")
	capital := len(first) > 1 && strings.ToUpper(first[:1]) == first[:1] && strings.ToLower(first) != first && strings.ToLower(first[1:]) == first[1:]
	switch {
	case !subject.MatchString(line):
		return "write `area: verb object` without a full stop, such as `seed/make: infer a code column`"
	case strings.HasPrefix(area, "internal/"):
		return "leave out internal/"
	case capital:
		return "begin the phrase in lower case"
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
