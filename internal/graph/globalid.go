package graph

import (
	"encoding/base64"
	"slices"

	"github.com/krowoc/krowoc/internal/schema"
)

// Under Relay, a row has a global ID, which no row of another type has: base64url of a JSON array of the type and the key. It is the field id. The
// key keeps its own fields, of which one named id becomes rowId. See docs/decisions/0025 and https://relay.dev/graphql/objectidentification.htm.

const (
	globalID = "id"
	rowID    = "rowId"
)

// nameOf returns the name of a field in the API.
func (a *API) nameOf(f *schema.Field) string {
	name := f.APIName()
	if a.options.Relay && name == globalID {
		return rowID
	}
	return name
}

// keyFields is keyFields under the names of the API.
func (a *API) keyFields(f *schema.Field) []*field { return namedKeyFields(f, a.nameOf) }

// addGlobalIDs gives rows global IDs where everybody who may read a row may know its key.
func (a *API) addGlobalIDs() error {
	if !a.options.Relay {
		return nil
	}
	a.nodes = map[string]*object{}
	for _, o := range a.objects {
		isOpen, err := a.showsKey(o)
		if err != nil {
			return err
		}
		if isOpen && !o.typ.API.Hides(schema.Read) {
			o.global = true
			a.nodes[o.typ.APIName()] = o
		}
	}
	return nil
}

// showsKey reports whether the API shows the key of an object in every row.
func (a *API) showsKey(o *object) (bool, error) {
	isHidden := slices.ContainsFunc(o.key, func(k *field) bool { return o.byName[k.name] == nil || o.byName[k.name].column != k.column })
	if isHidden || len(o.key) == 0 {
		return false, nil
	}
	for _, kind := range []byte{anonymous, user, granted} {
		if rule, err := newBuilder(a, kind).keyRule(o, "t"); rule != "" || err != nil {
			return false, err
		}
	}
	return true, nil
}

// globalJSON appends the global ID of a row as JSON.
func (b *builder) globalJSON(t *text, s *scope) error {
	if _, err := b.keyRule(s.object, s.alias); err != nil { // which holds, and may ask for a recent log-in
		return err
	}
	var id text
	id.constant(`["` + s.object.typ.APIName() + `"`)
	for _, k := range s.object.key {
		id.constant(",")
		k.value.writeJSON(&id, s.column(k.column))
	}
	id.constant("]")
	t.constant(`"`)
	t.expr(`translate(encode(convert_to(` + id.sql() + `, 'UTF8'), 'base64'), E'+/=\n', '-_')`)
	t.constant(`"`)
	return nil
}

// decodeID returns the type that a global ID names, and the parts of the key; ok is false if it is not a global ID.
func decodeID(id any) (typ string, key []any, ok bool) {
	s, _ := id.(string)
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil {
		return "", nil, false
	}
	value, isAlone, _ := decodeJSON(raw)
	values, _ := value.([]any)
	if !isAlone || len(values) < 2 {
		return "", nil, false
	}
	typ, ok = values[0].(string)
	return typ, values[1:], ok
}

// keyOfID returns the key of a row of the object that a global ID is of; ok is false for all others.
func (o *object) keyOfID(id any) (key []any, ok bool) {
	typ, key, ok := decodeID(id)
	isOwn := typ == o.typ.APIName() && len(key) == len(o.key)
	return key, ok && isOwn
}

// keyName is the name of the argument that gives a part of the key.
func (o *object) keyName(i int) string {
	if o.global {
		return globalID
	}
	return o.key[i].name
}

// keyArguments are the arguments that give the key, as SDL.
func (o *object) keyArguments() (list []string) {
	if o.global {
		return []string{globalID + ": ID!"}
	}
	for _, k := range o.key {
		list = append(list, k.name+": "+k.value.name()+"!")
	}
	return list
}

// keyParam is a part of the key that a client gives.
func (o *object) keyParam(i int, in input) Param {
	p := Param{Kind: Variable, input: in, value: o.key[i].value}
	if o.global {
		p.node, p.index = o, i
	}
	return p
}

// encodeGlobal is encode for global IDs.
func (p *Param) encodeGlobal(value any) (any, error) {
	part := *p
	part.node = nil
	switch p.form {
	case asKeys:
		return p.encodeKeys(asList(value))
	case asArray:
		list := slices.Clone(asList(value))
		for i := range list {
			text, err := p.part(list[i])
			if err != nil {
				return nil, err
			}
			list[i] = text
		}
		return part.encode(list)
	}
	text, err := p.part(value)
	if err != nil && p.form == asColumn {
		return nil, &ValueError{Fault: err, Field: p.name}
	}
	if err != nil {
		return nil, err
	}
	return part.encode(text)
}

// part returns a part of the key in a global ID.
func (p *Param) part(id any) (any, error) {
	key, ok := p.node.keyOfID(id)
	if !ok {
		return nil, p.node.notOwn(id)
	}
	if _, err := p.value.encode(key[p.index]); err != nil {
		return nil, p.node.notOwn(id)
	}
	return key[p.index], nil
}

// notOwn is the fault of a value that is not a global ID of an object.
func (o *object) notOwn(id any) error {
	text, _ := plainText(id)
	name := o.typ.APIName()
	what := "it is no global ID"
	if typ, _, ok := decodeID(id); ok && typ != name {
		what = "it is of the type " + quote(typ)
	}
	return invalid(quote(text)+" is not the id of "+article(name)+": "+what, "use the field id of "+article(name)+"; its key is not its id")
}
