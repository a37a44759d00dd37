package diff

// deprecated compares the reasons of @deprecated; "" is a field or value that is not deprecated. Everything goes on working.
func (c *comparison) deprecated(path, was, is string) {
	switch {
	case was == is:
	case was == "":
		c.add("deprecated", path, Safe, Safe, Safe, "it is now deprecated: %s", is)
	case is == "":
		c.add("deprecation-removed", path, Safe, Safe, Safe, "it is no longer deprecated")
	default:
		c.add("deprecation-changed", path, Safe, Safe, Safe, "the reason of its deprecation changed from %q to %q", was, is)
	}
}
