package lint

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// The lock modes that block other sessions.
const (
	accessExclusive   = "ACCESS EXCLUSIVE"
	exclusive         = "EXCLUSIVE"
	shareRowExclusive = "SHARE ROW EXCLUSIVE"
	share             = "SHARE"
)

// pass checks one file, first its up section and then its down section.
type pass struct {
	*linter
	file    *file
	command int // offset of the ALTER TABLE command that is being checked
}

// detail is what a check reports about a statement.
type detail struct {
	offset  int // in the source statement; 0 is its beginning
	message string
	lock    string
	tables  []string
	effect  Effect
	safe    string
}

// report adds a finding about a statement, or about the file.
func (p *pass) report(s *statement, rule string, d detail) {
	if p.file.released || p.file.silenced(rule, s) {
		return
	}
	f := Finding{Rule: rule, Line: 1, Column: 1, Message: d.message, Lock: d.lock, Effect: d.effect, Safe: d.safe}
	for _, t := range d.tables {
		f.Tables = append(f.Tables, short(t))
	}
	if s != nil {
		f.Line, f.Column, f.Statement = s.line, s.col, s.text
		if at := cmp.Or(d.offset, p.command); at > s.base {
			f.Line, f.Column = s.place(at)
		}
	}
	p.file.findings = append(p.file.findings, f)
}

// fresh reports whether no client can be using a table yet, because this file, or one that is released with it, creates it.
func (p *pass) fresh(t *table) bool {
	return t != nil && (t.created == p.file.number || (p.Only != nil && p.unreleased[t.created]))
}

// look checks one statement of the up section before the model applies it.
func (p *pass) look(s *statement) {
	if s.err != nil {
		p.unreadable(s)
		return
	}
	for _, offset := range slices.Sorted(maps.Keys(longNames(s.text))) {
		name := longNames(s.text)[offset]
		p.report(s, "identifier-too-long", detail{offset: s.base + offset,
			message: fmt.Sprintf("%s has %d bytes; Postgres silently truncates names to 63, so two names can become the same", name, len(name))})
	}
	p.transaction(s)
	p.namedTwice(s)
	switch n := s.node.GetNode().(type) {
	case *pg.Node_AlterTableStmt:
		p.alterTable(s, n.AlterTableStmt)
	case *pg.Node_CreateStmt:
		p.createTable(s, n.CreateStmt)
	case *pg.Node_IndexStmt:
		p.createIndex(s, n.IndexStmt)
	case *pg.Node_ReindexStmt:
		p.reindex(s, n.ReindexStmt)
	case *pg.Node_DropStmt:
		p.dropObjects(s, n.DropStmt)
	case *pg.Node_RenameStmt:
		p.rename(s, n.RenameStmt)
	case *pg.Node_AlterObjectSchemaStmt:
		p.setSchema(s, n.AlterObjectSchemaStmt)
	case *pg.Node_DropdbStmt:
		p.report(s, "drop-database", detail{message: "this deletes the database " + n.DropdbStmt.Dbname + " and all its data; a rollback cannot restore it"})
	default:
		p.lookOther(s)
	}
	p.command = 0
	p.robust(s)
}

// lookOther is look for statements that do not change the definition of a table.
func (p *pass) lookOther(s *statement) {
	switch n := s.node.GetNode().(type) {
	case *pg.Node_AlterEnumStmt:
		p.alterEnum(s, n.AlterEnumStmt)
	case *pg.Node_CreateDomainStmt:
		p.createDomain(s, n.CreateDomainStmt)
	case *pg.Node_AlterDomainStmt:
		p.alterDomain(s, n.AlterDomainStmt)
	case *pg.Node_TruncateStmt:
		p.truncate(s, n.TruncateStmt)
	case *pg.Node_VacuumStmt:
		p.vacuum(s, n.VacuumStmt)
	case *pg.Node_ClusterStmt:
		p.cluster(s, n.ClusterStmt)
	case *pg.Node_RefreshMatViewStmt:
		p.refresh(s, n.RefreshMatViewStmt)
	case *pg.Node_LockStmt:
		p.lockTable(s, n.LockStmt)
	case *pg.Node_UpdateStmt:
		p.changeRows(s, n.UpdateStmt.Relation, n.UpdateStmt.WhereClause == nil)
	case *pg.Node_DeleteStmt:
		p.deleteRows(s, n.DeleteStmt)
	case *pg.Node_InsertStmt:
		if n.InsertStmt.SelectStmt.GetSelectStmt().GetFromClause() != nil {
			p.changeRows(s, n.InsertStmt.Relation, false)
		}
	case *pg.Node_DoStmt:
		p.report(s, "do-block", detail{message: "lint cannot see what a DO block does or which locks it takes; `krowoc migrate verify` runs it and shows its locks"})
	case *pg.Node_MergeStmt:
		p.changeRows(s, n.MergeStmt.Relation, false)
	}
}

func (p *pass) unreadable(s *statement) {
	message := fmt.Sprintf("this is not valid SQL for PostgreSQL %d: %s", grammar, s.err.Message)
	p.report(s, "syntax-error", detail{offset: s.base + s.err.Offset, message: message})
}

// grammar is the Postgres version whose grammar the parser implements.
const grammar = 17

// down checks the statements of the down section, and whether they undo the up section.
func (p *pass) down(up map[key]any) {
	p.file.shared = transaction{}
	p.model.record()
	readable := !slices.ContainsFunc(p.file.up, func(s *statement) bool { return s.err != nil })
	for _, s := range p.file.down {
		if s.err != nil {
			p.unreadable(s)
			readable = false
			continue
		}
		p.transaction(s)
		p.model.apply(s.node, p.file.number)
	}
	down := p.model.recorded()
	if readable {
		p.undone(up, down)
	}
	p.model.restore(down)
}

// undone reports what the down section does not restore.
func (p *pass) undone(up, down map[key]any) {
	before := maps.Clone(down)
	maps.Copy(before, up)
	var left []string
	for k, was := range before {
		if k.kind == checksKind {
			continue
		}
		is := p.model.objects[k]
		if was != nil || is != nil {
			left = append(left, differences(k, was, is)...)
		}
	}
	if len(left) == 0 || len(p.file.down) == 0 {
		return
	}
	slices.Sort(left)
	p.report(p.file.down[0], "down-does-not-undo", detail{message: "after the down section, " + strings.Join(left, "; ")})
}

func ident(name string) string { return sqltext.Ident(name) }

// written returns a qualified name as SQL.
func written(name string) string {
	parts := strings.Split(short(name), ".")
	for i, part := range parts {
		parts[i] = ident(part)
	}
	return strings.Join(parts, ".")
}

func idents(list []string) string {
	out := make([]string, len(list))
	for i, name := range list {
		out[i] = ident(name)
	}
	return strings.Join(out, ", ")
}
