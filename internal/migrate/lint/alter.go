package lint

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"
)

func (m *model) alterTable(s *pg.AlterTableStmt) {
	name := relation(s.Relation)
	old := m.table(name)
	if old == nil {
		m.noteChecks(name, s)
		return
	}
	t := old.clone()
	for _, n := range s.Cmds {
		t.alter(n.GetAlterTableCmd(), m)
	}
	// Postgres drops the indexes of a dropped column.
	for _, k := range old.owned {
		if i, ok := m.objects[k].(*index); ok && slices.ContainsFunc(i.columns, func(c string) bool {
			return c != "" && old.column(c) != nil && t.column(c) == nil
		}) {
			m.drop(k)
			t.owned = slices.DeleteFunc(t.owned, func(o key) bool { return o == k })
		}
	}
	m.set(key{tableKind, name}, t)
}

// noteChecks notes the constraints that statements add to a table which the files do not create.
func (m *model) noteChecks(name string, s *pg.AlterTableStmt) {
	t := m.checks(name).clone()
	for _, n := range s.Cmds {
		switch cmd := n.GetAlterTableCmd(); cmd.Subtype {
		case pg.AlterTableType_AT_AddConstraint:
			if c := cmd.Def.GetConstraint(); c.GetContype() == pg.ConstrType_CONSTR_CHECK {
				t.addConstraint(c, nil)
			}
		case pg.AlterTableType_AT_DropConstraint, pg.AlterTableType_AT_ValidateConstraint:
			t.alter(cmd, m)
		}
	}
	m.set(key{checksKind, name}, t)
}

// checks returns a table that has nothing but constraints.
func (m *model) checks(name string) *table {
	if t, ok := m.objects[key{checksKind, name}].(*table); ok {
		return t
	}
	return &table{name: name}
}

func (t *table) alter(cmd *pg.AlterTableCmd, m *model) {
	c := t.column(cmd.Name)
	switch cmd.Subtype {
	case pg.AlterTableType_AT_AddColumn:
		if d := cmd.Def.GetColumnDef(); t.column(d.Colname) == nil {
			t.addColumn(d)
		}
	case pg.AlterTableType_AT_DropColumn:
		t.columns = slices.DeleteFunc(t.columns, func(c column) bool { return c.name == cmd.Name })
		t.constraints = slices.DeleteFunc(t.constraints, func(c constraint) bool { return slices.Contains(c.columns, cmd.Name) })
	case pg.AlterTableType_AT_AddConstraint:
		t.attachConstraint(cmd.Def.GetConstraint(), m)
	case pg.AlterTableType_AT_DropConstraint:
		t.constraints = slices.DeleteFunc(t.constraints, func(c constraint) bool { return c.name == cmd.Name })
	case pg.AlterTableType_AT_ValidateConstraint:
		if x := t.constraint(cmd.Name); x != nil {
			x.valid = true
		}
	default:
		if c != nil {
			c.alter(cmd)
		}
	}
}

func (c *column) alter(cmd *pg.AlterTableCmd) {
	switch cmd.Subtype {
	case pg.AlterTableType_AT_AlterColumnType:
		c.setType(cmd.Def.GetColumnDef().GetTypeName())
	case pg.AlterTableType_AT_SetNotNull:
		c.notNull = true
	case pg.AlterTableType_AT_DropNotNull:
		c.notNull = false
	case pg.AlterTableType_AT_ColumnDefault:
		c.defaulted = nil
		if cmd.Def != nil {
			c.defaulted = cmd.Def
		}
	case pg.AlterTableType_AT_AddIdentity:
		c.identity = true
	case pg.AlterTableType_AT_DropIdentity:
		c.identity = false
	case pg.AlterTableType_AT_DropExpression:
		c.generated, c.defaulted = false, nil
	}
}

// attachConstraint adds a constraint, which can take the place of an index.
func (t *table) attachConstraint(c *pg.Constraint, m *model) {
	if c.GetIndexname() == "" {
		t.addConstraint(c, nil)
		return
	}
	schema, _, _ := strings.Cut(t.name, ".")
	k := key{indexKind, schema + "." + c.Indexname}
	i := m.index(k.name)
	added := &pg.Constraint{Contype: c.Contype, Conname: c.Conname}
	if added.Conname == "" {
		added.Conname = c.Indexname
	}
	var columns []string
	if i != nil {
		columns = i.columns
		m.drop(k)
		t.owned = slices.DeleteFunc(t.owned, func(o key) bool { return o == k })
	}
	t.addConstraint(added, columns)
}

// dropKinds are the kinds of objects that DROP identifies by their name alone.
var dropKinds = map[pg.ObjectType]kind{
	pg.ObjectType_OBJECT_SEQUENCE: "sequence", pg.ObjectType_OBJECT_SCHEMA: "schema", pg.ObjectType_OBJECT_EXTENSION: "extension",
}

func (m *model) dropObjects(s *pg.DropStmt) {
	for _, object := range s.Objects {
		switch s.RemoveType {
		case pg.ObjectType_OBJECT_TABLE, pg.ObjectType_OBJECT_VIEW, pg.ObjectType_OBJECT_MATVIEW, pg.ObjectType_OBJECT_FOREIGN_TABLE:
			m.dropTable(qualified(names(object.GetList().GetItems())...), s.Behavior == pg.DropBehavior_DROP_CASCADE)
		case pg.ObjectType_OBJECT_INDEX:
			m.drop(key{indexKind, qualified(names(object.GetList().GetItems())...)})
		case pg.ObjectType_OBJECT_TYPE, pg.ObjectType_OBJECT_DOMAIN:
			name := qualified(names(object.GetTypeName().GetNames())...)
			for _, k := range []kind{enumKind, "domain", "type"} {
				if m.objects[key{k, name}] != nil {
					m.drop(key{k, name})
				}
			}
		case pg.ObjectType_OBJECT_FUNCTION, pg.ObjectType_OBJECT_PROCEDURE, pg.ObjectType_OBJECT_ROUTINE:
			m.dropFunction(object.GetObjectWithArgs())
		case pg.ObjectType_OBJECT_TRIGGER, pg.ObjectType_OBJECT_POLICY, pg.ObjectType_OBJECT_RULE:
			parts := names(object.GetList().GetItems())
			k := map[pg.ObjectType]kind{pg.ObjectType_OBJECT_TRIGGER: "trigger", pg.ObjectType_OBJECT_POLICY: "policy"}[s.RemoveType]
			if k == "" {
				k = "rule"
			}
			last := len(parts) - 1
			m.drop(key{k, qualified(parts[:last]...) + "." + parts[last]})
		default:
			m.dropNamed(s, object)
		}
	}
}

func (m *model) dropNamed(s *pg.DropStmt, object *pg.Node) {
	k, known := dropKinds[s.RemoveType]
	if !known {
		return
	}
	name := object.GetString_().GetSval()
	if items := object.GetList().GetItems(); items != nil {
		name = qualified(names(items)...)
	}
	m.drop(key{k, name})
	if k == "schema" && s.Behavior == pg.DropBehavior_DROP_CASCADE {
		for other := range m.objects {
			if strings.HasPrefix(other.name, name+".") {
				m.drop(other)
			}
		}
	}
}

// dropTable drops a table, the objects that belong to it and, with cascade, the foreign keys that reference it.
func (m *model) dropTable(name string, cascade bool) {
	t := m.table(name)
	if t == nil {
		m.drop(key{tableKind, name})
		return
	}
	for _, k := range t.owned {
		if m.objects[k] != nil {
			m.drop(k)
		}
	}
	m.drop(key{tableKind, name})
	if !cascade {
		return
	}
	for k, object := range m.objects {
		other, ok := object.(*table)
		if !ok || !slices.ContainsFunc(other.constraints, func(c constraint) bool { return c.references == name }) {
			continue
		}
		other = other.clone()
		other.constraints = slices.DeleteFunc(other.constraints, func(c constraint) bool { return c.references == name })
		m.set(k, other)
	}
}

func (m *model) dropFunction(f *pg.ObjectWithArgs) {
	name := qualified(names(f.GetObjname())...)
	if !f.GetArgsUnspecified() {
		var types []string
		for _, a := range f.Objargs {
			types = append(types, typeText(a.GetTypeName()))
		}
		m.drop(key{functionKind, name + "(" + strings.Join(types, ",") + ")"})
		return
	}
	for k := range m.objects {
		if k.kind == functionKind && strings.HasPrefix(k.name, name+"(") {
			m.drop(k)
		}
	}
}

func (m *model) rename(s *pg.RenameStmt) {
	switch s.RenameType {
	case pg.ObjectType_OBJECT_TABLE, pg.ObjectType_OBJECT_VIEW, pg.ObjectType_OBJECT_MATVIEW:
		schema, _, _ := strings.Cut(relation(s.Relation), ".")
		m.renameRelation(relation(s.Relation), schema+"."+s.Newname)
	case pg.ObjectType_OBJECT_INDEX:
		old := relation(s.Relation)
		if i := m.index(old); i != nil {
			schema, _, _ := strings.Cut(old, ".")
			renamed := *i
			renamed.name = schema + "." + s.Newname
			m.drop(key{indexKind, old})
			m.set(key{indexKind, renamed.name}, &renamed)
			m.possess(renamed.table, key{indexKind, renamed.name})
		}
	case pg.ObjectType_OBJECT_COLUMN, pg.ObjectType_OBJECT_TABCONSTRAINT:
		m.renamePart(s)
	case pg.ObjectType_OBJECT_TYPE:
		old := qualified(names(s.Object.GetList().GetItems())...)
		schema, _, _ := strings.Cut(old, ".")
		if values := m.objects[key{enumKind, old}]; values != nil {
			m.drop(key{enumKind, old})
			m.set(key{enumKind, schema + "." + s.Newname}, values)
		}
	}
}

// renamePart renames a column or a constraint of a table.
func (m *model) renamePart(s *pg.RenameStmt) {
	name := relation(s.Relation)
	t := m.table(name)
	if t == nil {
		return
	}
	t = t.clone()
	if c := t.constraint(s.Subname); c != nil && s.RenameType == pg.ObjectType_OBJECT_TABCONSTRAINT {
		c.name = s.Newname
	}
	if c := t.column(s.Subname); c != nil && s.RenameType == pg.ObjectType_OBJECT_COLUMN {
		c.name = s.Newname
		for i := range t.constraints {
			t.constraints[i].columns = replaced(t.constraints[i].columns, s.Subname, s.Newname)
		}
		for _, k := range t.owned {
			if i, ok := m.objects[k].(*index); ok {
				renamed := *i
				renamed.columns = replaced(i.columns, s.Subname, s.Newname)
				m.set(k, &renamed)
			}
		}
	}
	m.set(key{tableKind, name}, t)
}

func replaced(list []string, old, name string) []string {
	list = slices.Clone(list)
	if at := slices.Index(list, old); at >= 0 {
		list[at] = name
	}
	return list
}

func (m *model) renameRelation(old, name string) {
	t := m.table(old)
	if t == nil {
		return
	}
	t = t.clone()
	t.name = name
	m.drop(key{tableKind, old})
	for at, k := range t.owned {
		switch object := m.objects[k].(type) {
		case *index:
			moved := *object
			moved.table = name
			m.set(k, &moved)
		case proto.Message:
			moved := key{k.kind, name + strings.TrimPrefix(k.name, old)}
			m.drop(k)
			m.set(moved, object)
			t.owned[at] = moved
		}
	}
	m.set(key{tableKind, name}, t)
}
