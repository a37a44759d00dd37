package celsql

import (
	"testing"

	"github.com/krowoc/krowoc/internal/schema"
)

func TestEveryScalarHasAKind(t *testing.T) {
	for _, s := range schema.Scalars {
		if columnKind(&schema.Field{Type: schema.FieldType{Scalar: s}}) == nullKind {
			t.Errorf("%s has no kind of column", s)
		}
	}
}
