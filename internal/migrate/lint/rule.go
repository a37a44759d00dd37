package lint

import (
	"fmt"
	"path"
	"slices"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
)

// Severity is how serious a finding is.
type Severity string

// The severities.
const (
	Off     Severity = "off"
	Info    Severity = "info"
	Warning Severity = "warning"
	Error   Severity = "error"
)

// Severities lists every severity, the mildest first.
var Severities = []Severity{Off, Info, Warning, Error}

// AtLeast reports whether a severity is as serious as another, or more so.
func (s Severity) AtLeast(other Severity) bool {
	return slices.Index(Severities, s) >= slices.Index(Severities, other)
}

// Group is a heading under which related rules are listed.
type Group string

// The groups.
const (
	Clients      Group = "Breaks clients"
	Rewrites     Group = "Rewrites the table"
	Locks        Group = "Scans or locks"
	Concurrently Group = "CONCURRENTLY"
	Data         Group = "Depends on data"
	Running      Group = "Running migrations"
	Style        Group = "Types and style"
	Ours         Group = "Rollback and references"
	Reading      Group = "Reading"
)

// Rule is one kind of problem that lint looks for.
type Rule struct {
	ID       string
	Group    Group
	Severity Severity // the default; settings can change it
	Summary  string   // what it finds
}

// Rules returns every rule, ordered by group.
func Rules() []Rule { return slices.Clone(rules) }

var rules = []Rule{
	{"drop-table", Clients, Error, "A table, view or materialized view is dropped."},
	{"drop-column", Clients, Error, "A column is dropped."},
	{"drop-schema", Clients, Error, "A schema is dropped."},
	{"drop-database", Clients, Error, "A database is dropped."},
	{"drop-type", Clients, Error, "A type or domain is dropped."},
	{"drop-enum-value", Clients, Error, "A value of an enum is deleted from the system catalog."},
	{"drop-constraint", Clients, Warning, "A foreign key is dropped. Clients may rely on it."},
	{"rename-table", Clients, Error, "A table or view is renamed, or moved to another schema."},
	{"rename-column", Clients, Error, "A column is renamed."},
	{"rename-schema", Clients, Error, "A schema is renamed."},
	{"rename-type", Clients, Error, "A type is renamed."},
	{"rename-enum-value", Clients, Error, "A value of an enum is renamed."},
	{"drop-not-null", Clients, Warning, "NOT NULL is dropped, so clients can read a NULL where there was never one before."},
	{"truncate-cascade", Clients, Error, "TRUNCATE … CASCADE also empties tables that the statement does not name."},
	{"drop-cascade", Clients, Error, "DROP … CASCADE also drops objects that the statement does not name."},

	{"change-type", Rewrites, Error, "A column's type changes in a way that rewrites all rows. Changes that need no rewrite, such as a longer varchar, are not reported."},
	{"add-column-default", Rewrites, Error, "A column is added with a volatile default, which Postgres evaluates for every row."},
	{"add-column-generated", Rewrites, Error, "A stored generated column is added."},
	{"add-column-serial", Rewrites, Error, "A serial or identity column is added."},
	{"vacuum-full", Rewrites, Error, "VACUUM FULL rewrites the table under an exclusive lock."},
	{"cluster", Rewrites, Error, "CLUSTER rewrites the table under an exclusive lock."},
	{"set-storage", Rewrites, Error, "A table becomes logged or unlogged, or moves to another tablespace or access method."},

	{"add-foreign-key", Locks, Error, "A foreign key is added without NOT VALID."},
	{"add-check", Locks, Error, "A CHECK constraint is added without NOT VALID."},
	{"set-not-null", Locks, Error, "NOT NULL is set without a validated CHECK that proves it. Postgres reads all rows and fails at the first NULL."},
	{"add-unique", Locks, Error, "A UNIQUE constraint is added without an existing index."},
	{"add-primary-key", Locks, Error, "A primary key is added without an existing index, or on columns that can be null."},
	{"add-exclusion", Locks, Error, "An exclusion constraint is added."},
	{"domain-constraint", Locks, Error, "A constraint is added to a domain without NOT VALID, so every table that uses the domain is read."},
	{"create-domain-constraint", Locks, Info, "A domain is created with a constraint. Changing it later reads every table that uses the domain."},
	{"attach-partition", Locks, Error, "A partition is attached without a CHECK that proves its bounds."},
	{"validate-in-transaction", Locks, Error, "A constraint is added as NOT VALID and validated in the same transaction."},
	{"lock-table", Locks, Error, "LOCK TABLE in a mode that blocks other sessions."},
	{"refresh-view", Locks, Warning, "A materialized view is refreshed without CONCURRENTLY."},

	{"create-index", Concurrently, Error, "An index is created without CONCURRENTLY."},
	{"drop-index", Concurrently, Warning, "An index is dropped without CONCURRENTLY."},
	{"reindex", Concurrently, Error, "An index is rebuilt without CONCURRENTLY."},
	{"detach-partition", Concurrently, Error, "A partition is detached without CONCURRENTLY."},
	{"concurrently-partitioned", Concurrently, Error, "An index on a partitioned table is created or dropped with CONCURRENTLY, which Postgres refuses."},
	{"not-in-transaction", Concurrently, Error, "A statement that cannot run in a transaction is in a file that runs in one."},

	{"add-required-column", Data, Error, "A NOT NULL column is added without a default. This fails if the table has rows."},
	{"lossy-cast", Data, Error, "A column's type changes to one that cannot hold its values exactly, such as an integer for a number with a fraction."},
	{"unique-on-data", Data, Info, "A unique index is created on an existing table. This fails if two rows have the same value."},
	{"new-enum-value-used", Data, Error, "An enum value is used in the transaction that adds it."},

	{"no-lock-timeout", Running, Error, "A statement takes a lock that blocks other sessions, and lock_timeout is not set."},
	{"no-statement-timeout", Running, Off, "A statement takes a lock that blocks other sessions, and statement_timeout is not set."},
	{"nested-transaction", Running, Error, "BEGIN or COMMIT in a file that already runs in a transaction."},
	{"uncommitted-transaction", Running, Error, "The file begins a transaction and does not end it."},
	{"not-rerunnable", Running, Info, "A statement outside a transaction has no IF EXISTS or IF NOT EXISTS."},
	{"backfill-with-ddl", Running, Error, "One transaction changes both rows and the definition of a table."},
	{"backfill-all-rows", Running, Warning, "One statement changes all rows of a table."},
	{"do-block", Running, Info, "A DO block, which lint cannot analyze."},
	{"several-locks", Running, Warning, "One transaction locks several tables in modes that block other sessions."},

	{"key-int", Style, Warning, "A key is an integer or smallint, which can run out of values."},
	{"serial", Style, Warning, "A serial column is used instead of an identity column."},
	{"char-type", Style, Warning, "char(n) pads values with spaces."},
	{"varchar-limit", Style, Info, "varchar(n) is used. A limit in a CHECK is easier to change."},
	{"timestamp-without-zone", Style, Warning, "timestamp without time zone does not identify a moment."},
	{"json-type", Style, Warning, "json is used instead of jsonb."},
	{"identifier-too-long", Style, Error, "A name has more than 63 bytes, so Postgres truncates it."},
	{"enum-value-order", Style, Info, "A value is added to an enum without BEFORE or AFTER."},
	{"wide-index", Style, Info, "A non-unique index has more than three columns."},
	{"no-primary-key", Style, Warning, "A table has no primary key."},
	{"unqualified-name", Style, Off, "A table is created without a schema name."},

	{"no-down", Ours, Warning, "The file has no `-- +goose Down` section."},
	{"down-does-not-undo", Ours, Warning, "The down section does not undo the up section, as far as the SQL shows. `krowoc migrate verify` tests it on a database."},
	{"foreign-key-without-index", Ours, Info, "A foreign key has no index on its columns, so each delete in the referenced table reads the whole table."},

	{"duplicate-column", Reading, Error, "INSERT, UPDATE, CREATE TABLE or CREATE VIEW names a column twice, which Postgres refuses."},
	{"syntax-error", Reading, Error, "The file or a statement cannot be parsed."},
	{"bad-ignore", Reading, Error, "A `-- +krowoc ignore` comment names no rule or an unknown one, or has no reason."},
	{"unused-ignore", Reading, Warning, "A `-- +krowoc ignore` comment names a rule that reports nothing there."},
}

// guides maps rules to the sections of docs/zero-downtime.md that explain the safe way.
var guides = map[string]string{
	"drop-table": "drop", "drop-column": "drop", "drop-type": "drop", "drop-schema": "drop", "drop-not-null": "drop",
	"rename-table": "rename", "rename-column": "rename", "rename-schema": "rename", "rename-type": "rename",
	"rename-enum-value": "enums", "drop-enum-value": "enums", "new-enum-value-used": "enums",
	"change-type": "change-a-type", "lossy-cast": "change-a-type", "add-column-default": "add-a-column", "add-column-generated": "add-a-column",
	"add-column-serial": "add-a-column", "add-required-column": "add-a-column", "set-not-null": "not-null",
	"add-foreign-key": "foreign-keys-and-checks", "add-check": "foreign-keys-and-checks", "domain-constraint": "foreign-keys-and-checks",
	"validate-in-transaction": "foreign-keys-and-checks", "add-unique": "unique-and-primary-keys", "add-primary-key": "unique-and-primary-keys",
	"unique-on-data": "unique-and-primary-keys", "create-index": "indexes", "drop-index": "indexes", "concurrently-partitioned": "indexes", "reindex": "indexes",
	"foreign-key-without-index": "indexes", "backfill-with-ddl": "backfill", "backfill-all-rows": "backfill", "no-lock-timeout": "locks",
	"several-locks": "locks", "attach-partition": "partitions", "detach-partition": "partitions",
}

const guidePage = "https://github.com/krowoc/krowoc/blob/main/docs/zero-downtime.md#"

// Guide returns the address of the section that explains the safe way to do what a rule reports, or "".
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
	Severity Severity // Off disables it
	Paths    []string // path.Match patterns of files, relative to the folder; empty means all files
}

// CheckSettings reports unknown rules and invalid patterns in settings.
func CheckSettings(settings []Setting) error {
	for _, s := range settings {
		if _, known := ruleOf(s.Rule); !known && s.Rule != "*" {
			return fault.New(fault.Invalid, "lint the migrations", fmt.Sprintf("the rule %q is unknown", s.Rule), suggestRule(s.Rule))
		}
		for _, p := range s.Paths {
			if _, err := path.Match(p, ""); err != nil {
				return fault.New(fault.Invalid, "lint the migrations", fmt.Sprintf("the path pattern %q is invalid", p), "use a pattern such as 0000*.sql")
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

// severity returns the severity of a rule's findings in a file.
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
