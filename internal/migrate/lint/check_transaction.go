package lint

import (
	"fmt"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// transaction is what the statements of a file have done so far in the current transaction.
type transaction struct {
	begun      *statement      // BEGIN in a file without a transaction
	timeouts   map[string]bool // that are set, or already reported as missing
	locked     []string        // tables locked in a mode that blocks other sessions
	altered    bool            // whether the definition of an existing table has changed
	changed    []*statement    // statements that change rows of an existing table
	notValid   map[string]bool // constraints added NOT VALID
	enumValues []string        // added to enums
}

// transaction checks how a statement affects its transaction, and whether it is allowed in one.
func (p *pass) transaction(s *statement) {
	t := &p.file.shared
	if t.notValid == nil {
		t.notValid = map[string]bool{}
		t.timeouts = map[string]bool{"lock_timeout": p.LockTimeout || p.file.LockTimeout, "statement_timeout": p.StatementTimeout || p.file.StatementTimeout}
	}
	switch n := s.node.GetNode().(type) {
	case *pg.Node_TransactionStmt:
		p.transactionStatement(s, n.TransactionStmt)
	case *pg.Node_VariableSetStmt:
		t.timeouts[strings.ToLower(n.VariableSetStmt.Name)] = true
	case *pg.Node_SelectStmt:
		for name := range t.timeouts {
			t.timeouts[name] = t.timeouts[name] || (strings.Contains(s.text, "set_config") && strings.Contains(s.text, name))
		}
	}
	if what := p.outside(s.node); what != "" && !p.file.NoTransaction {
		p.report(s, "not-in-transaction", detail{message: what + " cannot run in a transaction, and this file runs in one",
			safe: "-- +goose NO TRANSACTION\n" + s.text + ";"})
	}
	if len(t.enumValues) == 0 {
		return
	}
	walk(s.node, func(n *pg.Node) {
		c := n.GetAConst().GetSval()
		if c != nil && slices.Contains(t.enumValues, c.Sval) {
			p.report(s, "new-enum-value-used", detail{message: fmt.Sprintf("this fails: Postgres does not allow the new value %s before the transaction that adds it ends", c.Sval),
				safe: "-- move this to the next file"})
		}
	})
}

// outside returns the name of a statement that cannot run in a transaction, or "".
func (p *pass) outside(node *pg.Node) string {
	if n := node.GetAlterEnumStmt(); n != nil {
		return flag(p.Postgres < 12 && n.OldVal == "", "ALTER TYPE … ADD VALUE before PostgreSQL 12")
	}
	return OutsideTransaction(node)
}

// OutsideTransaction returns the name of a statement that no version of Postgres runs in a transaction, or "".
func OutsideTransaction(node *pg.Node) string {
	switch n := node.GetNode().(type) {
	case *pg.Node_IndexStmt:
		return flag(n.IndexStmt.Concurrent, "CREATE INDEX CONCURRENTLY")
	case *pg.Node_DropStmt:
		return flag(n.DropStmt.Concurrent, "DROP INDEX CONCURRENTLY")
	case *pg.Node_ReindexStmt:
		return flag(hasOption(n.ReindexStmt.Params, "concurrently"), "REINDEX CONCURRENTLY")
	case *pg.Node_AlterTableStmt:
		return flag(slices.ContainsFunc(n.AlterTableStmt.Cmds, func(c *pg.Node) bool {
			return c.GetAlterTableCmd().GetDef().GetPartitionCmd().GetConcurrent()
		}), "DETACH PARTITION CONCURRENTLY")
	case *pg.Node_VacuumStmt:
		return flag(n.VacuumStmt.IsVacuumcmd, "VACUUM")
	case *pg.Node_CreatedbStmt:
		return "CREATE DATABASE"
	case *pg.Node_DropdbStmt:
		return "DROP DATABASE"
	case *pg.Node_AlterSystemStmt:
		return "ALTER SYSTEM"
	case *pg.Node_CreateTableSpaceStmt:
		return "CREATE TABLESPACE"
	}
	return ""
}

func (p *pass) transactionStatement(s *statement, n *pg.TransactionStmt) {
	t := &p.file.shared
	switch n.Kind {
	case pg.TransactionStmtKind_TRANS_STMT_SAVEPOINT, pg.TransactionStmtKind_TRANS_STMT_RELEASE, pg.TransactionStmtKind_TRANS_STMT_ROLLBACK_TO:
		return
	case pg.TransactionStmtKind_TRANS_STMT_BEGIN, pg.TransactionStmtKind_TRANS_STMT_START:
		if p.file.NoTransaction {
			if t.begun != nil {
				p.report(s, "nested-transaction", detail{message: "a transaction is already open, so this BEGIN does nothing"})
			}
			t.begun = s
			return
		}
	default:
		if p.file.NoTransaction {
			t.begun = nil
			return
		}
	}
	p.report(s, "nested-transaction", detail{message: "the file already runs in a transaction; this does nothing or ends it too early, and then a failure leaves the file half applied",
		safe: "-- remove the statement, or add `-- +goose NO TRANSACTION` at the top of the file"})
}

// finish checks the up section as a whole, after all its statements are applied.
func (p *pass) finish() {
	t := &p.file.shared
	p.reportKeyless()
	if t.begun != nil {
		p.report(t.begun, "uncommitted-transaction", detail{message: "the transaction never ends, so it is rolled back when the connection closes", safe: "COMMIT;"})
	}
	if t.altered && !p.file.NoTransaction {
		for _, s := range t.changed {
			p.report(s, "backfill-with-ddl", detail{message: "changing the definition takes a lock that blocks reads and writes of the table until all rows are changed",
				safe: "-- move this to a separate file, after the one that changes the definition"})
		}
	}
}

// heavy notes a lock that blocks the other sessions that use a table.
func (p *pass) heavy(s *statement, t target, lock string) {
	x := &p.file.shared
	x.altered = true
	p.needTimeout(s, "lock_timeout", detail{lock: lock, tables: []string{t.name}, safe: "-- +krowoc lock_timeout 2s",
		message: fmt.Sprintf("while this waits for sessions that use %s, later sessions queue behind it", t.short())})
	p.needTimeout(s, "statement_timeout", detail{lock: lock, tables: []string{t.name}, safe: "-- +krowoc statement_timeout 1m",
		message: fmt.Sprintf("if this takes longer than expected, all other sessions wait for %s", t.short())})
	if slices.Contains(x.locked, t.name) {
		return
	}
	x.locked = append(x.locked, t.name)
	if len(x.locked) > 1 && !p.file.NoTransaction {
		p.report(s, "several-locks", detail{lock: lock, tables: slices.Clone(x.locked),
			message: fmt.Sprintf("%s stays locked while this waits for %s; code that locks them in the opposite order causes a deadlock", short(x.locked[0]), t.short()),
			safe:    "-- use a separate file for each table"})
	}
}

// needTimeout reports the first statement that needs a timeout and has none.
func (p *pass) needTimeout(s *statement, name string, d detail) {
	if !p.file.shared.timeouts[name] {
		p.file.shared.timeouts[name] = true
		p.report(s, "no-"+strings.ReplaceAll(name, "_", "-"), d)
	}
}

// heavyAlter is heavy for what ALTER TABLE does.
func (p *pass) heavyAlter(s *statement, t target, cmd *pg.AlterTableCmd) {
	switch cmd.Subtype {
	case pg.AlterTableType_AT_ValidateConstraint, pg.AlterTableType_AT_SetStatistics, pg.AlterTableType_AT_ClusterOn, pg.AlterTableType_AT_DropCluster,
		pg.AlterTableType_AT_SetRelOptions, pg.AlterTableType_AT_ResetRelOptions, pg.AlterTableType_AT_AttachPartition, pg.AlterTableType_AT_SetOptions:
		return // SHARE UPDATE EXCLUSIVE blocks only other DDL
	case pg.AlterTableType_AT_DetachPartition:
		if cmd.Def.GetPartitionCmd().GetConcurrent() {
			return
		}
	case pg.AlterTableType_AT_EnableTrig, pg.AlterTableType_AT_DisableTrig, pg.AlterTableType_AT_EnableTrigAll, pg.AlterTableType_AT_DisableTrigAll:
		p.heavy(s, t, shareRowExclusive)
		return
	}
	lock := accessExclusive
	if cmd.Def.GetConstraint().GetContype() == pg.ConstrType_CONSTR_FOREIGN {
		lock = shareRowExclusive
	}
	p.heavy(s, t, lock)
}

func (p *pass) changeRows(s *statement, r *pg.RangeVar, all bool) {
	t := p.target(r)
	if t.fresh {
		return
	}
	p.file.shared.changed = append(p.file.shared.changed, s)
	if all {
		p.report(s, "backfill-all-rows", detail{tables: []string{t.name},
			message: fmt.Sprintf("this locks all rows of %s until the last one is changed, and can double the size of the table", t.short()),
			safe:    "-- outside a transaction; repeat until no row is changed\n" + batched(t, s)})
	}
}

func batched(t target, s *statement) string {
	return fmt.Sprintf("%s\nWHERE id IN (SELECT id FROM %s WHERE … LIMIT 1000 FOR UPDATE SKIP LOCKED);", s.text, t.sql())
}

func (p *pass) deleteRows(s *statement, n *pg.DeleteStmt) {
	if n.Relation.Relname == "pg_enum" {
		p.report(s, "drop-enum-value", detail{message: "rows and indexes that hold the value can no longer be read; create a new type and change the column to it instead"})
		return
	}
	p.changeRows(s, n.Relation, n.WhereClause == nil)
}

// robust reports statements outside a transaction that fail when they run a second time.
func (p *pass) robust(s *statement) {
	if !p.file.NoTransaction || p.file.shared.begun != nil {
		return
	}
	guard := ""
	switch n := s.node.GetNode().(type) {
	case *pg.Node_CreateStmt:
		guard = missing(n.CreateStmt.IfNotExists, "IF NOT EXISTS")
	case *pg.Node_CreateSchemaStmt:
		guard = missing(n.CreateSchemaStmt.IfNotExists, "IF NOT EXISTS")
	case *pg.Node_DropStmt:
		guard = missing(n.DropStmt.MissingOk, "IF EXISTS")
	case *pg.Node_AlterTableStmt:
		for _, c := range n.AlterTableStmt.Cmds {
			switch cmd := c.GetAlterTableCmd(); cmd.Subtype {
			case pg.AlterTableType_AT_AddColumn:
				guard = missing(cmd.MissingOk, "IF NOT EXISTS")
			case pg.AlterTableType_AT_DropColumn, pg.AlterTableType_AT_DropConstraint:
				guard = missing(cmd.MissingOk, "IF EXISTS")
			}
		}
	case *pg.Node_AlterEnumStmt:
		guard = missing(n.AlterEnumStmt.SkipIfNewValExists || n.AlterEnumStmt.OldVal != "", "IF NOT EXISTS")
	}
	if guard != "" {
		p.report(s, "not-rerunnable", detail{message: "without " + guard + ", this fails when it runs again; after a failure `krowoc migrate up` resumes at the failed statement, but other tools restart the file"})
	}
}

func missing(there bool, guard string) string {
	if there {
		return ""
	}
	return guard
}
