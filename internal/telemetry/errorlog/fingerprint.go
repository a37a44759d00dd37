package errorlog

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
)

// kind is what makes an error the same as another one.
type kind struct {
	category fault.Code
	edge     Edge
	place    string
	message  string // normalised
	frames   string // where the code panicked or threw, without line numbers
}

// fingerprintBytes is how much of the hash a fingerprint has: 2^32 kinds of errors would have to exist for two to be likely to collide.
const fingerprintBytes = 8

// fingerprint identifies a kind. It is the same in all releases, on all hosts and for all values, as long as the error comes from the same
// place.
func (k kind) fingerprint() string {
	text := strings.Join([]string{string(k.edge), string(k.category), k.place, k.message, k.frames}, "\x00")
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:fingerprintBytes])
}

// maxPlace is how many bytes of a place are kept.
const maxPlace = 200

// kindOf returns the kind of an event, and the stack to show. The category is "" if the event is no error.
func kindOf(e *Event) (k kind, stack string) {
	if e.Edge == Browser {
		return kindInBrowser(e)
	}
	k = kind{category: category(fault.CodeOf(e.Err)), edge: e.Edge, place: clip(e.Place, maxPlace)}
	if e.Err == nil {
		k.category, k.message = category(e.Category), clip(e.Message, maxMessage)
		return k, ""
	}
	k.message = describe(e.Err)
	var panicked *fault.Panic
	if errors.As(e.Err, &panicked) {
		stack = cleanStack(string(panicked.Stack))
		k.frames = strings.Join(ownFrames(stack), "\n")
	}
	return k, stack
}

const (
	module    = "github.com/krowoc/krowoc/"
	topFrames = 5
	maxStack  = 8 << 10 // bytes
)

// cleanStack returns a stack of Go from the panic on, without the arguments of functions, which are addresses and values.
func cleanStack(stack string) string {
	lines := strings.Split(stack, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "panic(") && i+2 < len(lines) {
			lines = lines[i+2:]
			break
		}
	}
	for i, line := range lines {
		switch {
		case strings.HasPrefix(line, "\t"):
			lines[i], _, _ = strings.Cut(line, " +0x")
		case strings.HasSuffix(line, ")"):
			lines[i] = line[:strings.LastIndexByte(line, '(')]
		}
	}
	return clip(strings.TrimSpace(strings.Join(lines, "\n")), maxStack)
}

// ownFrames returns the innermost functions of this module in a stack, without the numbers of closures.
func ownFrames(stack string) (names []string) {
	for line := range strings.SplitSeq(stack, "\n") {
		if !strings.HasPrefix(line, module) {
			continue
		}
		names = append(names, strings.TrimRight(line, "0123456789."))
		if len(names) == topFrames {
			break
		}
	}
	return names
}
