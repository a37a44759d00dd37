// Package runtime is the code that every generated package of Go models contains in addition to its types. The generator copies it, and joins
// the files but check.go to one.
package runtime

import (
	"encoding/json"
)

// Optional is a value that may be absent, null or present. The zero value is absent and is omitted from JSON.
type Optional[T any] struct {
	Set   bool // false if the value is absent
	Null  bool // true if the value is null; Value is then the zero value
	Value T
}

// Some returns a present value.
func Some[T any](value T) Optional[T] { return Optional[T]{Set: true, Value: value} }

// Null returns null.
func Null[T any]() Optional[T] { return Optional[T]{Set: true, Null: true} }

// Get returns the value, and whether it is present and not null.
func (o Optional[T]) Get() (value T, ok bool) { return o.Value, o.Set && !o.Null }

// IsZero reports whether the value is absent.
func (o Optional[T]) IsZero() bool { return !o.Set }

// MarshalJSON implements json.Marshaler.
func (o Optional[T]) MarshalJSON() ([]byte, error) {
	if value, ok := o.Get(); ok {
		return json.Marshal(value)
	}
	return []byte("null"), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (o *Optional[T]) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*o = Null[T]()
		return nil
	}
	*o = Optional[T]{Set: true}
	return json.Unmarshal(text, &o.Value)
}
