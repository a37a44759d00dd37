package sdl

// The codes of the diagnostics. They are stable: editors, CI and filters use them.
const (
	codeSyntax            = "syntax"
	codeUnsupported       = "unsupported-definition"
	codeDuplicate         = "duplicate-name"
	codeReserved          = "reserved-name"
	codeCollision         = "name-collision"
	codeInvalidName       = "invalid-name"
	codeUnknownType       = "unknown-type"
	codeUnknownField      = "unknown-field"
	codeUnknownDirective  = "unknown-directive"
	codeMisplaced         = "misplaced-directive"
	codeRepeated          = "repeated-directive"
	codeUnknownArgument   = "unknown-argument"
	codeMissingArgument   = "missing-argument"
	codeArgumentType      = "argument-type"
	codeConflict          = "conflicting-arguments"
	codeNestedList        = "nested-list"
	codeFieldArguments    = "field-arguments"
	codePlainInTable      = "plain-type-in-table"
	codeInvalidKey        = "invalid-key"
	codeKeyCycle          = "key-cycle"
	codeInvalidReference  = "invalid-reference"
	codeSelfReference     = "required-self-reference"
	codeSetNull           = "set-null-on-required"
	codeNoInverse         = "no-inverse"
	codeAmbiguous         = "ambiguous-relation"
	codeInvalidInverse    = "invalid-inverse"
	codeInvalidThrough    = "invalid-through"
	codeInvalidIndex      = "invalid-index"
	codeInvalidConstraint = "invalid-constraint"
	codeInvalidPattern    = "invalid-pattern"
	codeInvalidDefault    = "invalid-default"
	codeInvalidExpression = "invalid-expression"
	codeInvalidRule       = "invalid-rule"
	codeInvalidMetric     = "invalid-metric"
	codeInvalidRename     = "invalid-rename"
	codeInvalidTrack      = "invalid-track"
	codeNoRules           = "no-auth-rules" // a warning
	codeIdleMetric        = "idle-metric"   // a warning
	codeSlowPattern       = "slow-pattern"  // a warning
)
