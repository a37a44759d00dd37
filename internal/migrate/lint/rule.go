package lint

import (
	"fmt"
	"path"
	"slices"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
)

// Severity says how bad a finding is.
type Severity string

// The severities.
const (
	Off     Severity = "off"
	Info    Severity = "info"
	Warning Severity = "warning"
	Error   Severity = "error"
)

// Severities are all, from the mildest.
var Severities = []Severity{Off, Info, Warning, Error}

// AtLeast reports whether a severity is as bad as another, or worse.
func (s Severity) AtLeast(other Severity) bool {
	return slices.Index(Severities, s) >= slices.Index(Severities, other)
}

// Group is what rules have in common.
type Group string

// The groups.
const (
	Clients      Group = "Breaks clients"
	Rewrites     Group = "Writes the table anew"
	Locks        Group = "Scans or locks"
	Concurrently Group = "CONCURRENTLY"
	Data         Group = "Depends on data"
	Running      Group = "Run time"
	Style        Group = "Types and style"
	Ours         Group = "Rollback and references"
	Reading      Group = "Reading"
)

// Rule is one thing that is looked for.
type Rule struct {
	ID       string
	Group    Group
	Severity Severity // unless the settings say otherwise
	Summary  string   // what it finds
}

// Rules are all of them, by group.
func Rules() []Rule { return slices.Clone(rules) }

var rules = []Rule{
	{"drop-table", Clients, Error, "A table, view or materialised view is dropped."},
	{"drop-column", Clients, Error, "A column is dropped."},
	{"drop-schema", Clients, Error, "A schema is dropped."},
	{"drop-database", Clients, Error, "A database is dropped."},
	{"drop-type", Clients, Error, "A type or domain is dropped."},
	{"drop-enum-value", Clients, Error, "A value of an enum is deleted from the system catalog."},
	{"drop-constraint", Clients, Warning, "A foreign key is dropped, which rows and clients may rely on."},
	{"rename-table", Clients, Error, "A table or view is renamed, or moved to another schema."},
	{"rename-column", Clients, Error, "A column is renamed."},
	{"rename-schema", Clients, Error, "A schema is renamed."},
	{"rename-type", Clients, Error, "A type is renamed."},
	{"rename-enum-value", Clients, Error, "A value of an enum is renamed."},
	{"drop-not-null", Clients, Warning, "A column that was never null may be so from now on."},
	{"truncate-cascade", Clients, Error, "TRUNCATE … CASCADE empties tables that it does not name."},
	{"drop-cascade", Clients, Error, "DROP … CASCADE takes along what it does not name."},

	{"change-type", Rewrites, Error, "The type of a column changes in a way that writes all rows anew. Changes that do not, such as a longer varchar, are not found."},
	{"add-column-default", Rewrites, Error, "A column is added whose default differs from row to row."},
	{"add-column-generated", Rewrites, Error, "A generated column is added that is stored."},
	{"add-column-serial", Rewrites, Error, "A serial or identity column is added."},
	{"vacuum-full", Rewrites, Error, "VACUUM FULL."},
	{"cluster", Rewrites, Error, "CLUSTER."},
	{"set-storage", Rewrites, Error, "A table is made logged or unlogged, or moved to another tablespace or access method."},

	{"add-foreign-key", Locks, Error, "A foreign key is added without NOT VALID."},
	{"add-check", Locks, Error, "A CHECK constraint is added without NOT VALID."},
	{"set-not-null", Locks, Error, "NOT NULL is set and no validated CHECK proves it: all rows are read, and one NULL makes it fail."},
	{"add-unique", Locks, Error, "A UNIQUE constraint is added that has no ready-made index."},
	{"add-primary-key", Locks, Error, "A primary key is added that has no ready-made index, or whose columns can be null."},
	{"add-exclusion", Locks, Error, "An exclusion constraint is added."},
	{"domain-constraint", Locks, Error, "A constraint is added to a domain without NOT VALID: every table that uses it is read."},
	{"create-domain-constraint", Locks, Info, "A domain has a constraint, which cannot be changed later without reading every table that uses it."},
	{"attach-partition", Locks, Error, "A partition is attached that has no CHECK which proves its bounds."},
	{"validate-in-transaction", Locks, Error, "A constraint is added NOT VALID and validated in the same transaction."},
	{"lock-table", Locks, Error, "LOCK TABLE in a mode that stops others."},
	{"refresh-view", Locks, Warning, "A materialised view is refreshed without CONCURRENTLY."},

	{"create-index", Concurrently, Error, "An index is created without CONCURRENTLY."},
	{"drop-index", Concurrently, Warning, "An index is dropped without CONCURRENTLY."},
	{"reindex", Concurrently, Error, "REINDEX without CONCURRENTLY."},
	{"detach-partition", Concurrently, Error, "A partition is detached without CONCURRENTLY."},
	{"not-in-transaction", Concurrently, Error, "A statement that cannot run in a transaction is in a file that has one."},

	{"add-required-column", Data, Error, "A column that is NOT NULL and has no default is added: it fails where there are rows."},
	{"unique-on-data", Data, Info, "A unique index is created on a table that has rows: it fails where two are the same."},
	{"new-enum-value-used", Data, Error, "A value that the same transaction adds to an enum is used."},

	{"no-lock-timeout", Running, Error, "A statement takes a heavy lock, and nothing sets lock_timeout."},
	{"no-statement-timeout", Running, Off, "A statement takes a heavy lock, and nothing sets statement_timeout."},
	{"nested-transaction", Running, Error, "BEGIN or COMMIT in a file that already runs in a transaction."},
	{"uncommitted-transaction", Running, Error, "A transaction is begun in the file and not ended."},
	{"not-rerunnable", Running, Info, "A statement outside of a transaction has no IF EXISTS or IF NOT EXISTS."},
	{"backfill-with-ddl", Running, Error, "Rows are changed in the same transaction as a table's definition."},
	{"backfill-all-rows", Running, Warning, "One statement changes all rows of a table."},
	{"do-block", Running, Info, "A DO block, into which lint cannot see."},
	{"several-locks", Running, Warning, "One transaction takes heavy locks on several tables."},

	{"key-int", Style, Warning, "A key is an integer or smallint, which runs out."},
	{"serial", Style, Warning, "A serial column rather than an identity column."},
	{"char-type", Style, Warning, "char(n) pads with blanks."},
	{"varchar-limit", Style, Info, "varchar(n): a limit is easier to change in a CHECK."},
	{"timestamp-without-zone", Style, Warning, "timestamp without time zone does not say which moment is meant."},
	{"json-type", Style, Warning, "json rather than jsonb."},
	{"identifier-too-long", Style, Error, "A name has more than 63 bytes, and Postgres cuts it."},
	{"enum-value-order", Style, Info, "A value is added to an enum without BEFORE or AFTER."},
	{"wide-index", Style, Info, "An index that is not unique has more than three columns."},
	{"no-primary-key", Style, Warning, "A table has no primary key."},
	{"unqualified-name", Style, Off, "A table is created without its schema."},

	{"no-down", Ours, Warning, "The file has no `-- +goose Down`."},
	{"down-does-not-undo", Ours, Warning, "What the up does the down does not undo, as far as can be read; `krowoc migrate verify` proves it."},
	{"foreign-key-without-index", Ours, Warning, "A foreign key has no index on its columns: deletes of what it references read the whole table."},

	{"syntax-error", Reading, Error, "The file or a statement cannot be read."},
	{"bad-ignore", Reading, Error, "A comment that silences a rule names none, or gives no reason."},
	{"unused-ignore", Reading, Warning, "A comment silences a rule that finds nothing there."},
}

// guides are the sections of docs/zero-downtime.md that say how the same is done safely.
var guides = map[string]string{
	"drop-table": "drop", "drop-column": "drop", "drop-type": "drop", "drop-schema": "drop", "drop-not-null": "drop",
	"rename-table": "rename", "rename-column": "rename", "rename-schema": "rename", "rename-type": "rename",
	"rename-enum-value": "enums", "drop-enum-value": "enums", "new-enum-value-used": "enums",
	"change-type": "change-a-type", "add-column-default": "add-a-column", "add-column-generated": "add-a-column",
	"add-column-serial": "add-a-column", "add-required-column": "add-a-column", "set-not-null": "not-null",
	"add-foreign-key": "foreign-keys-and-checks", "add-check": "foreign-keys-and-checks", "domain-constraint": "foreign-keys-and-checks",
	"validate-in-transaction": "foreign-keys-and-checks", "add-unique": "unique-and-primary-keys", "add-primary-key": "unique-and-primary-keys",
	"unique-on-data": "unique-and-primary-keys", "create-index": "indexes", "drop-index": "indexes", "reindex": "indexes",
	"foreign-key-without-index": "indexes", "backfill-with-ddl": "backfill", "backfill-all-rows": "backfill", "no-lock-timeout": "locks",
	"several-locks": "locks", "attach-partition": "partitions", "detach-partition": "partitions",
}

const guidePage = "https://github.com/krowoc/krowoc/blob/main/docs/zero-downtime.md#"

// Guide returns the address of the page that says how to do safely what a rule finds, or "".
func Guide(rule string) string {
	if section := guides[rule]; section != "" {
		return guidePage + section
	}
	return ""
}

// ruleOf returns a rule by its id.
func ruleOf(id string) (Rule, bool) {
	i := slices.IndexFunc(rules, func(r Rule) bool { return r.ID == id })
	if i < 0 {
		return Rule{}, false
	}
	return rules[i], true
}

func ruleIDs() []string {
	ids := make([]string, len(rules))
	for i, r := range rules {
		ids[i] = r.ID
	}
	return ids
}

// Setting changes the severity of a rule.
type Setting struct {
	Rule     string   // an id, or * for all
	Severity Severity // Off silences it
	Paths    []string // the files it is for, as path.Match reads them, relative to the folder; empty is all
}

// CheckSettings reports what no setting can say.
func CheckSettings(settings []Setting) error {
	for _, s := range settings {
		if _, known := ruleOf(s.Rule); !known && s.Rule != "*" {
			return fault.New(fault.Invalid, "lint the migrations", fmt.Sprintf("there is no rule %q", s.Rule), suggestRule(s.Rule))
		}
		for _, p := range s.Paths {
			if _, err := path.Match(p, ""); err != nil {
				return fault.New(fault.Invalid, "lint the migrations", fmt.Sprintf("%q is no pattern of paths", p), "write it like 0000*.sql")
			}
		}
	}
	return nil
}

func suggestRule(id string) string {
	if s := diag.Suggest(id, ruleIDs()); s != "" {
		return "did you mean " + s + "?"
	}
	return "`krowoc migrate lint --rules` lists them"
}

// severity returns how bad a rule's findings are in a file.
func (l *linter) severity(rule, file string) Severity {
	r, _ := ruleOf(rule)
	severity := r.Severity
	for _, s := range l.Settings {
		fits := len(s.Paths) == 0 || slices.ContainsFunc(s.Paths, func(p string) bool {
			ok, _ := path.Match(p, file)
			return ok
		})
		if fits && (s.Rule == rule || s.Rule == "*") {
			severity = s.Severity
		}
	}
	return severity
}
