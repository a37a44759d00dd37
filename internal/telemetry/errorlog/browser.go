package errorlog

import (
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
)

// kindInBrowser returns the kind of an error that a front end reports. The page is not part of it, because its path may name a row.
func kindInBrowser(e *Event) (k kind, stack string) {
	stack = scrubScript(e.Stack)
	frames := scriptFrames(stack)
	k = kind{category: fault.Internal, edge: Browser, place: "a page", message: Normalise(e.Message), frames: strings.Join(frames, "\n")}
	if len(frames) > 0 {
		k.place = clip(frames[0], maxPlace)
	}
	return k, stack
}

// maxFrames is how many lines of a stack of JavaScript are kept.
const maxFrames = 30

// scriptFrame is a line of a stack of JavaScript, in the forms of V8 ("at f (URL:1:2)", "at URL:1:2") and of Firefox and Safari
// ("f@URL:1:2").
var scriptFrame = regexp.MustCompile(`^\s*(?:at (?:async )?(?:([^\s(]+(?: \[as \w+\])?) \()?|([^\s@]*)@)((?:https?|webpack|file)[^\s)]*?)(?::(\d+))?(?::(\d+))?\)?$`)

// scrubScript returns the frames of a stack of JavaScript: functions, paths of scripts without their origin and query, and positions. All
// other text, such as the message, may contain values.
func scrubScript(stack string) string {
	var frames []string
	for line := range strings.SplitSeq(stack, "\n") {
		m := scriptFrame.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		name := identifier(m[1] + m[2])
		frames = append(frames, strings.TrimRight(name+" "+scriptPath(m[3])+":"+m[4]+":"+m[5], ":"))
		if len(frames) == maxFrames {
			break
		}
	}
	return clip(strings.Join(frames, "\n"), maxStack)
}

var notInIdentifier = regexp.MustCompile(`[^\w$.<>]`)

// identifier returns the name of a function as it can be in code.
func identifier(name string) string {
	name, _, _ = strings.Cut(name, " ")
	if name = clip(notInIdentifier.ReplaceAllString(name, ""), 80); name == "" {
		return "<anonymous>"
	}
	return name
}

// chunkHash is the hash that bundlers put into the names of files.
var chunkHash = regexp.MustCompile(`[-.][\w-]{8,}(\.m?js)$`)

// scriptPath returns the path of a script without the hash of its content.
func scriptPath(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "?"
	}
	return chunkHash.ReplaceAllString(clip(oneLine(path.Clean("/"+u.Path)), 120), "$1")
}

// scriptFrames returns the innermost frames without positions.
func scriptFrames(stack string) (frames []string) {
	for line := range strings.SplitSeq(stack, "\n") {
		if line == "" {
			continue
		}
		name, at, _ := strings.Cut(line, " ")
		at, _, _ = strings.Cut(at, ":")
		frames = append(frames, name+" "+at)
		if len(frames) == topFrames {
			break
		}
	}
	return frames
}

var idInPath = regexp.MustCompile(`[0-9%@=~]|^[\w-]{24,}$`)

// pagePath returns the path of a page, in which segments that look like IDs are replaced.
func pagePath(address string) string {
	if address == "" {
		return ""
	}
	u, err := url.Parse(address)
	if err != nil || u.Path == "" {
		return ""
	}
	segments := strings.Split(u.EscapedPath(), "/")
	for i, s := range segments {
		if idInPath.MatchString(s) {
			segments[i] = aNumber
		}
	}
	return clip(strings.Join(segments, "/"), maxPlace)
}
