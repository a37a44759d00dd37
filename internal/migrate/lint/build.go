package lint

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/krowoc/krowoc/internal/schema"
)

// apply changes the model as the statement would change a database. file is the number of the statement's file.
func (m *model) apply(node *pg.Node, file int) {
	switch n := node.GetNode().(type) {
	case *pg.Node_CreateStmt:
		m.createTable(n.CreateStmt, file)
	case *pg.Node_CreateTableAsStmt:
		m.createTableAs(n.CreateTableAsStmt, file)
	case *pg.Node_ViewStmt:
		m.set(key{tableKind, relation(n.ViewStmt.View)}, &table{name: relation(n.ViewStmt.View), view: true, created: file, definition: n.ViewStmt.Query})
	case *pg.Node_AlterTableStmt:
		m.alterTable(n.AlterTableStmt)
	case *pg.Node_IndexStmt:
		m.createIndex(n.IndexStmt)
	case *pg.Node_DropStmt:
		m.dropObjects(n.DropStmt)
	case *pg.Node_RenameStmt:
		m.rename(n.RenameStmt)
	case *pg.Node_AlterObjectSchemaStmt:
		if r := n.AlterObjectSchemaStmt.Relation; r != nil {
			m.renameRelation(relation(r), n.AlterObjectSchemaStmt.Newschema+"."+r.Relname)
		}
	default:
		m.applyOther(node)
	}
}

// applyOther is apply for statements that do not define a table.
func (m *model) applyOther(node *pg.Node) {
	switch n := node.GetNode().(type) {
	case *pg.Node_CreateEnumStmt:
		m.set(key{enumKind, qualified(names(n.CreateEnumStmt.TypeName)...)}, names(n.CreateEnumStmt.Vals))
	case *pg.Node_AlterEnumStmt:
		m.alterEnum(n.AlterEnumStmt)
	case *pg.Node_CreateDomainStmt:
		m.set(key{"domain", qualified(names(n.CreateDomainStmt.Domainname)...)}, n.CreateDomainStmt)
	case *pg.Node_CompositeTypeStmt:
		m.set(key{"type", relation(n.CompositeTypeStmt.Typevar)}, n.CompositeTypeStmt)
	case *pg.Node_CreateRangeStmt:
		m.set(key{"type", qualified(names(n.CreateRangeStmt.TypeName)...)}, n.CreateRangeStmt)
	case *pg.Node_CreateSchemaStmt:
		m.set(key{"schema", n.CreateSchemaStmt.Schemaname}, n.CreateSchemaStmt)
	case *pg.Node_CreateSeqStmt:
		m.set(key{"sequence", relation(n.CreateSeqStmt.Sequence)}, n.CreateSeqStmt)
	case *pg.Node_CreateExtensionStmt:
		m.set(key{"extension", n.CreateExtensionStmt.Extname}, "extension")
	case *pg.Node_CreateFunctionStmt:
		f := n.CreateFunctionStmt
		m.set(key{functionKind, qualified(names(f.Funcname)...) + arguments(f.Parameters)}, &function{volatile(f), f})
	case *pg.Node_CreateTrigStmt:
		m.own(relation(n.CreateTrigStmt.Relation), "trigger", n.CreateTrigStmt.Trigname, n.CreateTrigStmt)
	case *pg.Node_CreatePolicyStmt:
		m.own(relation(n.CreatePolicyStmt.Table), "policy", n.CreatePolicyStmt.PolicyName, n.CreatePolicyStmt)
	case *pg.Node_RuleStmt:
		m.own(relation(n.RuleStmt.Relation), "rule", n.RuleStmt.Rulename, n.RuleStmt)
	}
}

// own stores an object that belongs to a table.
func (m *model) own(table string, k kind, name string, definition proto.Message) {
	it := key{k, table + "." + name}
	m.set(it, definition)
	m.possess(table, it)
}

func (m *model) possess(table string, k key) {
	if t := m.table(table); t != nil && !slices.Contains(t.owned, k) {
		t = t.clone()
		t.owned = append(t.owned, k)
		m.set(key{tableKind, table}, t)
	}
}

func arguments(parameters []*pg.Node) string {
	var types []string
	for _, p := range parameters {
		f := p.GetFunctionParameter()
		switch f.GetMode() {
		case pg.FunctionParameterMode_FUNC_PARAM_OUT, pg.FunctionParameterMode_FUNC_PARAM_TABLE:
		default:
			types = append(types, typeText(f.GetArgType()))
		}
	}
	return "(" + strings.Join(types, ",") + ")"
}

func volatile(f *pg.CreateFunctionStmt) bool {
	for _, o := range f.Options {
		if d := o.GetDefElem(); d.GetDefname() == "volatility" {
			return d.GetArg().GetString_().GetSval() == "volatile"
		}
	}
	return true
}

func (m *model) createTable(s *pg.CreateStmt, file int) {
	name := relation(s.Relation)
	if s.IfNotExists && m.table(name) != nil {
		return
	}
	t := &table{name: name, created: file, partitioned: s.Partspec != nil, partition: s.Partbound != nil, unlogged: s.Relation.Relpersistence}
	if s.Partspec != nil {
		t.definition = s.Partspec
	}
	for _, parent := range s.InhRelations {
		if p := m.table(relation(parent.GetRangeVar())); p != nil {
			t.columns = append(t.columns, slices.Clone(p.columns)...)
		}
	}
	for _, element := range s.TableElts {
		m.addElement(t, element)
	}
	m.set(key{tableKind, name}, t)
}

func (m *model) addElement(t *table, element *pg.Node) {
	switch e := element.GetNode().(type) {
	case *pg.Node_ColumnDef:
		t.addColumn(e.ColumnDef)
	case *pg.Node_Constraint:
		t.addConstraint(e.Constraint, nil)
	case *pg.Node_TableLikeClause:
		if like := m.table(relation(e.TableLikeClause.Relation)); like != nil {
			t.columns = append(t.columns, slices.Clone(like.columns)...)
		}
	}
}

func (m *model) createTableAs(s *pg.CreateTableAsStmt, file int) {
	name := relation(s.Into.GetRel())
	m.set(key{tableKind, name}, &table{name: name, created: file, view: s.Objtype == pg.ObjectType_OBJECT_MATVIEW, definition: s.Query})
}

func newColumn(d *pg.ColumnDef) column {
	c := column{name: d.Colname}
	c.setType(d.TypeName)
	if _, serial := schema.Serial(c.typ); serial {
		c.notNull, c.defaulted = true, d.TypeName
	}
	return c
}

func (c *column) setType(t *pg.TypeName) {
	_, c.typmods, c.arrayBound = typeName(t)
	c.typ = typeText(t)
}

func (t *table) addColumn(d *pg.ColumnDef) {
	t.columns = append(t.columns, newColumn(d))
	for _, n := range d.Constraints {
		c := t.column(d.Colname)
		switch x := n.GetConstraint(); x.GetContype() {
		case pg.ConstrType_CONSTR_NOTNULL:
			c.notNull = true
		case pg.ConstrType_CONSTR_DEFAULT:
			c.defaulted = x.RawExpr
		case pg.ConstrType_CONSTR_IDENTITY:
			c.identity, c.notNull = true, true
		case pg.ConstrType_CONSTR_GENERATED:
			c.generated, c.defaulted = true, x.RawExpr
		default:
			t.addConstraint(x, []string{d.Colname})
		}
	}
}

// suffixes are the endings of the names that Postgres chooses for constraints.
var suffixes = map[pg.ConstrType]string{
	pg.ConstrType_CONSTR_PRIMARY: "pkey", pg.ConstrType_CONSTR_UNIQUE: "key", pg.ConstrType_CONSTR_FOREIGN: "fkey",
	pg.ConstrType_CONSTR_CHECK: "check", pg.ConstrType_CONSTR_EXCLUSION: "excl",
}

// addConstraint adds a constraint of the table, or of a column if one is given.
func (t *table) addConstraint(c *pg.Constraint, columns []string) {
	suffix, known := suffixes[c.GetContype()]
	if !known {
		return
	}
	added := constraint{name: c.Conname, kind: c.Contype, columns: columns, valid: !c.SkipValidation, node: c}
	switch c.Contype {
	case pg.ConstrType_CONSTR_FOREIGN:
		added.references = relation(c.Pktable)
		if len(c.FkAttrs) > 0 {
			added.columns = names(c.FkAttrs)
		}
	case pg.ConstrType_CONSTR_CHECK:
		added.notNull = notNullTest(c.RawExpr)
		if named := columnsOf(c.RawExpr); columns == nil && len(named) == 1 {
			added.columns = named
		}
	case pg.ConstrType_CONSTR_PRIMARY, pg.ConstrType_CONSTR_UNIQUE:
		if len(c.Keys) > 0 {
			added.columns = names(c.Keys)
		}
	}
	if c.Contype == pg.ConstrType_CONSTR_PRIMARY {
		for _, name := range added.columns {
			if col := t.column(name); col != nil {
				col.notNull = true
			}
		}
	}
	if added.name == "" {
		in := added.columns
		if c.Contype == pg.ConstrType_CONSTR_PRIMARY {
			in = nil
		}
		added.name = t.freeName(in, suffix)
	}
	t.constraints = append(t.constraints, added)
}

// notNullTest returns the column of an expression that is `column IS NOT NULL`, or "".
func notNullTest(n *pg.Node) string {
	test := n.GetNullTest()
	if test == nil || test.Nulltesttype != pg.NullTestType_IS_NOT_NULL {
		return ""
	}
	return columnRef(test.Arg)
}

func columnRef(n *pg.Node) string {
	fields := n.GetColumnRef().GetFields()
	if len(fields) == 0 {
		return ""
	}
	return fields[len(fields)-1].GetString_().GetSval()
}

func (m *model) createIndex(s *pg.IndexStmt) {
	on := relation(s.Relation)
	schema, base, _ := strings.Cut(on, ".")
	i := &index{name: s.Idxname, table: on, unique: s.Unique, stmt: s}
	for _, p := range s.IndexParams {
		i.columns = append(i.columns, p.GetIndexElem().GetName())
	}
	if i.name == "" {
		i.name = base + "_" + strings.Join(slices.DeleteFunc(slices.Clone(i.columns), func(c string) bool { return c == "" }), "_") + "_idx"
	}
	i.name = schema + "." + i.name
	k := key{indexKind, i.name}
	if s.IfNotExists && m.objects[k] != nil {
		return
	}
	m.set(k, i)
	m.possess(on, k)
}

func (m *model) alterEnum(s *pg.AlterEnumStmt) {
	k := key{enumKind, qualified(names(s.TypeName)...)}
	old, _ := m.objects[k].([]string)
	if old == nil {
		return
	}
	values := slices.Clone(old)
	switch {
	case s.OldVal != "":
		if at := slices.Index(values, s.OldVal); at >= 0 {
			values[at] = s.NewVal
		}
	case slices.Contains(values, s.NewVal):
	default:
		at := len(values)
		if beside := slices.Index(values, s.NewValNeighbor); s.NewValNeighbor != "" && beside >= 0 {
			at = beside
			if s.NewValIsAfter {
				at++
			}
		}
		values = slices.Insert(values, at, s.NewVal)
	}
	m.set(k, values)
}
