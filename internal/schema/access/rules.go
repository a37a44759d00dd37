package access

import (
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/krowoc/krowoc/internal/schema"
)

// holds works out for which rows of a type rules hold for one kind of caller.
type holds struct {
	Caller
	typ  *schema.Type
	role string // the variable that stands for the caller's role in a part of a condition; "" elsewhere
}

func (h holds) cell(f *schema.Field, op schema.Operation) Cell {
	if h.Kind == Service {
		return Cell{Allowed: Yes}
	}
	rows := h.rows(op, f != nil && linked(f))
	switch {
	case f == nil:
		return rows.cell()
	case op == schema.Update && slices.Contains(h.typ.Key, f):
		return never.cell() // the API does not change keys
	case op != schema.Read && linked(f):
		rows = rows.and(h.linkedRows(f))
	}
	return rows.and(h.field(f, op)).cell()
}

// rows returns the rows of the type with which the caller may do something.
func (h holds) rows(op schema.Operation, byKey bool) formula {
	rows := h.ruled(op)
	switch op {
	case schema.Update, schema.Delete:
		return rows.and(h.found(byKey))
	case schema.Create:
		for _, f := range h.typ.Fields {
			if len(f.Columns()) > 0 && f.Type.NonNull && !f.HasValue() {
				rows = rows.and(h.field(f, op)) // a create has to set it
			}
		}
	}
	return rows
}

// found returns the rows that the caller can name to write them: by a key that the caller may know, or by a filter, which matches rows that the
// caller may read.
func (h holds) found(byKey bool) formula {
	known := always
	for _, k := range h.typ.Key {
		known = known.and(h.field(k, schema.Read))
	}
	if byKey {
		return known
	}
	return known.or(h.ruled(schema.Read))
}

// ruled returns the rows for which the rules of the type let the caller do something.
func (h holds) ruled(op schema.Operation) formula {
	return h.rules(h.typ.Rules, op).and(h.fresh(h.typ.Fresh, op))
}

// fresh returns the condition that the log-in of the caller is recent enough.
func (h holds) fresh(f schema.Fresh, op schema.Operation) formula {
	switch within := f.For(op); {
	case within == 0:
		return always
	case h.Kind == Anonymous:
		return never
	default:
		return single(atom{within: within})
	}
}

// linkedRows returns the rows at the other end of a list that the caller may link. The rules there hold as well.
func (h holds) linkedRows(f *schema.Field) formula {
	other := holds{Caller: h.Caller, typ: f.Relation.Target}
	rows := other.rows(schema.Update, true).and(other.field(f.Relation.Inverse, schema.Update))
	return rows.of("the linked " + other.typ.Name)
}

// field returns the rows whose field the caller may use, if the rules of the type allow the operation.
func (h holds) field(f *schema.Field, op schema.Operation) formula {
	all := h.fresh(f.Fresh, op)
	if f.Auth {
		all = h.rules(f.Rules, op).and(all)
	}
	if op == schema.Read && f.Relation != nil && f.Relation.Kind == schema.RefOne {
		for _, key := range f.Relation.Fields { // a reference tells them
			all = all.and(h.field(key, op))
		}
	}
	return all
}

func (h holds) rules(rules []schema.Rule, op schema.Operation) (sum formula) {
	for _, r := range rules {
		if r.Allows(op) {
			sum = sum.or(h.rule(r))
		}
	}
	return sum
}

func (h holds) rule(r schema.Rule) formula {
	signedIn, who := h.Kind != Anonymous, always
	switch r.Allow {
	case schema.AllowAuthenticated:
		if !signedIn {
			return never
		}
	case schema.AllowOwner:
		who = h.own(r.Field)
	case schema.AllowRole:
		if h.Kind != Role || !slices.Contains(r.Roles, h.Name) {
			return never
		}
	case schema.AllowTier:
		if h.Kind != Tier || !slices.Contains(r.Tiers, h.Name) {
			return never
		}
	}
	if r.Where == nil || r.Where.AST == nil {
		return who
	}
	return who.and(h.where(r.Where.AST.NativeRep().Expr()))
}

// own returns the rows of which a field names the caller.
func (h holds) own(f *schema.Field) formula {
	if h.Kind == Anonymous || h.Kind == Authenticated {
		return never
	}
	return single(atom{own: true, text: f.Name + " = caller"})
}

// maxAlternatives is how many alternatives a condition is split into at most. A condition of more is one atom.
const maxAlternatives = 12

// where returns a condition on rows without what is known of the caller.
func (h holds) where(e ast.Expr) formula {
	switch h.known(e) {
	case yes:
		return always
	case no:
		return never
	}
	if e.Kind() == ast.CallKind {
		switch call := e.AsCall(); call.FunctionName() {
		case operators.LogicalOr:
			sum := never
			for _, arg := range call.Args() {
				sum = sum.or(h.where(arg))
			}
			return limited(sum, e)
		case operators.LogicalAnd:
			all := always
			for _, arg := range call.Args() {
				all = all.and(h.where(arg))
			}
			return limited(all, e)
		case operators.Equals:
			path := comparedWithUID(call)
			switch {
			case h.Kind == Anonymous && path != nil: // where the field is null, too
				return single(atom{text: strings.Join(path, ".") + " is null"})
			case len(path) == 1:
				return single(atom{own: true, text: path[0] + " = caller"})
			}
		}
	}
	return single(atom{text: words(e, false)})
}

func limited(f formula, e ast.Expr) formula {
	if len(f) > maxAlternatives {
		return single(atom{text: words(e, true)})
	}
	return f
}
