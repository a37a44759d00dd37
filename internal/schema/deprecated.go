package schema

// Deprecation returns the reason why the value of that name is deprecated, or "".
func (e *Enum) Deprecation(name string) string {
	for _, v := range e.Values {
		if v.Name == name {
			return v.Deprecated
		}
	}
	return ""
}
