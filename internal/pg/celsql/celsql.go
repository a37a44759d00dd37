// Package celsql translates the checked CEL expressions of a schema to SQL.
package celsql

import (
	"errors"

	"cel.dev/cel-go/cel"

	"github.com/krowoc/krowoc/internal/schema"
)

// Variable is a value that the caller of Translate supplies.
type Variable int

// The variables.
const (
	UID       Variable = iota + 1 // auth.uid, as text; null for nobody
	UIDAsUUID                     // the same as a uuid; null also where it is none
	Roles                         // auth.roles, as text[]; never null
	Time                          // request.time, as timestamptz
)

// ArgFunc returns SQL for a variable: a parameter with a cast.
type ArgFunc func(v Variable) (string, error)

// Translate translates a checked expression.
func Translate(ast *cel.Ast, s *schema.Schema, this *schema.Type, alias string, args ArgFunc) (string, error) {
	return "", errors.New("conditions are not translated yet")
}
