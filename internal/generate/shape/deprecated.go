package shape

// Documented returns a description with the reason of a deprecation, if there is one, in a paragraph that begins with tag: "Deprecated: " for
// Go (https://go.dev/wiki/Deprecated), "@deprecated " for JSDoc (https://jsdoc.app/tags-deprecated).
func Documented(description, reason, tag string) string {
	switch {
	case reason == "":
		return description
	case description == "":
		return tag + reason
	}
	return description + "\n\n" + tag + reason
}
