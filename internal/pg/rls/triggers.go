package rls

import (
	"fmt"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/schema"
)

// Triggers apply what policies and grants cannot express. Like policies, they do not apply to the owner of the table, as whom Postgres also changes
// what refers to a changed row. The roles of the API are left out, too: its statements apply these rules themselves.

// triggers writes the triggers of a table.
func (w *writer) triggers(t Table) {
	if t.After != "" {
		w.after(t)
	}
	w.insertedFields(t)
	w.updatedFields(t)
}

// trigger writes a trigger that runs statements for each row.
func (w *writer) trigger(t Table, name, event, volatility, statements string) {
	result := "NEW"
	if strings.HasPrefix(event, after) {
		result = "NULL"
	}
	body := "BEGIN\n" + qualified(statements) + "  RETURN " + result + ";\nEND"
	function := named(t.Name, body)
	w.rules = append(w.rules, "CREATE FUNCTION "+function+"() RETURNS trigger LANGUAGE plpgsql "+volatility+w.asOwner()+pg.QuoteLiteral(body))
	when := "row_security_active(" + pg.QuoteLiteral(ident(t.Name)) + "::regclass)"
	if w.Enforce {
		when += " AND current_user NOT IN (" + quoted(w.apiNames()) + ")"
	}
	w.add("CREATE TRIGGER " + ident(name) + " " + event + " ON " + ident(t.Name) + " FOR EACH ROW WHEN (" + when + ") EXECUTE FUNCTION " + function + "()")
}

// When a trigger runs, and what the tables are for its function: as the statement has left them, or as they were before.
const (
	after, before   = "AFTER ", "BEFORE "
	written, unseen = "VOLATILE", "STABLE"
)

// early returns when the rules of fields are applied: before a constraint tells a caller of other rows, unless there are columns that Postgres
// computes after that.
func (w *writer) early(t Table) string {
	if w.computed[t.Name] {
		return after
	}
	return before
}

// refuse returns the statement that refuses a row on a condition.
func refuse(condition, what string) string {
	return "  IF " + condition + " THEN\n    RAISE insufficient_privilege USING MESSAGE = format('the access rules do not allow %s', " + pg.QuoteLiteral(what) + ");\n  END IF;\n"
}

// after writes the trigger that applies a condition to rows once they are written: policies see the tables as they were before.
func (w *writer) after(t Table) {
	condition := "NOT (SELECT coalesce(" + t.After + ", false) FROM (SELECT (CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END).*) " + Row + ")"
	w.trigger(t, PolicyPrefix+"after", after+"INSERT OR DELETE", written, refuse(condition, "the rows of "+t.Name+" after this statement"))
}

// insertedFields writes the trigger that applies the rules of fields to new rows. It cannot know which columns a statement names, so it
// looks for values other than the default.
func (w *writer) insertedFields(t Table) {
	var statements strings.Builder
	for _, c := range t.checked(Insert) {
		dataType := w.types[t.Name][c.Name]
		isSet := fmt.Sprintf("NEW.%s::text IS DISTINCT FROM (%s)::%s::text", ident(c.Name), w.defaults[t.Name][c.Name], dataType)
		statements.WriteString(refuse(isSet+" AND (SELECT "+c.Checks[Insert]+" FROM (SELECT (NEW).*) "+Row+") IS NOT TRUE", "you to set "+c.Name+" of this row of "+t.Name))
	}
	if statements.Len() > 0 {
		w.trigger(t, PolicyPrefix+"insert_fields", w.early(t)+"INSERT", unseen, statements.String())
	}
}

// updatedFields writes the triggers that apply the rules of fields to rows in which a statement sets them, before and after.
func (w *writer) updatedFields(t Table) {
	columns := t.checked(Update)
	for len(columns) > 0 {
		rule := columns[0].Checks[Update]
		var names []string
		for _, c := range columns {
			if c.Checks[Update] == rule {
				names = append(names, c.Name)
			}
		}
		columns = slices.DeleteFunc(columns, func(c Column) bool { return c.Checks[Update] == rule })
		condition := "NOT (SELECT bool_and(coalesce(" + rule + ", false)) FROM (SELECT (OLD).* UNION ALL SELECT (NEW).*) " + Row + ")"
		w.trigger(t, schema.ObjectName(PolicyPrefix+"update", names[:1], "field"), w.early(t)+"UPDATE OF "+idents(names), unseen,
			refuse(condition, "you to set "+strings.Join(names, " or ")+" of this row of "+t.Name))
	}
}

// checked returns the columns that callers set under a condition, in rows that the rules of the type allow them to write.
func (t Table) checked(op Operation) (list []Column) {
	for _, c := range t.Columns {
		if c.Checks[op] != "" && len(t.Policies[op]) > 0 {
			list = append(list, c)
		}
	}
	return list
}

func quoted(texts []string) string {
	list := make([]string, len(texts))
	for i, t := range texts {
		list[i] = pg.QuoteLiteral(t)
	}
	return strings.Join(list, ", ")
}

func idents(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = ident(n)
	}
	return strings.Join(quoted, ", ")
}
