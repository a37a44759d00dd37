package schema

import "slices"

// Shown is how the API shows a type or a field (@api). The zero value shows it under its own name.
type Shown struct {
	Name   string      // in the API; empty for that of the schema
	Plural string      // of a type: the query of a list; empty for the plural of the name
	Hidden bool        // the API has it nowhere, also not for the service
	HideIn []Operation // the operations in which the API does not have it
}

// Hides reports whether the API does not have the type or field in an operation.
func (s Shown) Hides(op Operation) bool { return s.Hidden || slices.Contains(s.HideIn, op) }

// APIName returns the name of the type in the API.
func (t *Type) APIName() string { return or(t.API.Name, t.Name) }

// APIList returns the name of lists of the type in the API: people for Person.
func (t *Type) APIList() string { return or(t.API.Plural, ListName(CamelCase(t.APIName()))) }

// APIListType returns the name of lists of the type in the names of operations that write many rows: People for Person.
func (t *Type) APIListType() string {
	if t.API.Plural != "" {
		return upperFirst(t.API.Plural)
	}
	return ListName(t.APIName())
}

// APIName returns the name of the field in the API.
func (f *Field) APIName() string { return or(f.API.Name, f.Name) }

// APIField returns the field that the API shows under a name, or nil.
func (t *Type) APIField(name string) *Field {
	for _, f := range t.Fields {
		if f.APIName() == name && !f.API.Hidden {
			return f
		}
	}
	return nil
}

// APIKeyFields returns the columns that hold f as KeyFields does, under their names in the API.
func (f *Field) APIKeyFields() []KeyField { return f.NamedKeyFields((*Field).APIName) }

func or(name, otherwise string) string {
	if name == "" {
		return otherwise
	}
	return name
}
