package typescript

import (
	"regexp"
	"strings"
)

var (
	declared = regexp.MustCompile(`(?m)^(export )?(?:const|type) (\$?\w+)`)
	helper   = regexp.MustCompile(`\$\w+`)
)

// pruned returns the runtime without the helpers that neither the body nor another helper uses, so that the file compiles with
// noUnusedLocals.
func pruned(runtime, body string) string {
	chunks := declarations(runtime)
	used := map[string]bool{}
	for _, name := range helper.FindAllString(body, -1) {
		used[name] = true
	}
	for grew := true; grew; {
		grew = false
		for _, c := range chunks {
			if c.name != "" && !used[c.name] {
				continue
			}
			for _, name := range helper.FindAllString(c.text, -1) {
				if name != c.name && !used[name] {
					used[name], grew = true, true
				}
			}
		}
	}
	var b strings.Builder
	for _, c := range chunks {
		if c.name == "" || used[c.name] {
			b.WriteString(c.text)
		}
	}
	return b.String()
}

// chunk is a declaration with its comment and the empty lines before it. Its name is empty for what is always kept.
type chunk struct{ name, text string }

// declarations splits a runtime, which is formatted by prettier: only declarations and their comments begin a line.
func declarations(runtime string) []chunk {
	var chunks []chunk
	var text strings.Builder
	lines := strings.SplitAfter(runtime, "\n")
	for i, line := range lines {
		text.WriteString(line)
		next := ""
		if i+1 < len(lines) {
			next = lines[i+1]
		}
		begins := next == "\n" || strings.HasPrefix(next, "/**") || declared.MatchString(next)
		if !begins || strings.HasPrefix(line, "/**") || strings.TrimSpace(text.String()) == "" {
			continue
		}
		chunks = append(chunks, named(text.String()))
		text.Reset()
	}
	return append(chunks, named(text.String()))
}

func named(text string) chunk {
	if m := declared.FindStringSubmatch(text); m != nil && m[1] == "" {
		return chunk{m[2], text}
	}
	return chunk{"", text}
}
