package graph

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/krowoc/krowoc/internal/schema"
)

// A write of a type with @metric returns what it adds to the metrics, in the statement that writes. A create knows the values of the new rows. An
// update that sets one of the fields reads the old values of the rows that it changes, after it has locked them.

// Count is what a write has added to a metric.
type Count struct {
	Metric *schema.Metric
	Value  float64
	Labels []string // in the order of the metric's By; "" for null
}

// oldRows names the rows that an update changes, as they were.
const oldRows = `"the old rows"`

// counting is how a write counts.
type counting struct {
	object  *object
	metrics []int // of the type
	update  bool  // old values matter
}

// countsOf returns how a write counts that sets columns, or nil if it does not.
func countsOf(o *object, op schema.Operation, a assignment) *counting {
	c := &counting{object: o, update: op == schema.Update}
	for i, m := range o.typ.Metrics {
		changes := !c.update
		for _, f := range m.Fields() {
			_, set := a.value(f.Columns()[0])
			changes = changes || set
		}
		if changes {
			c.metrics = append(c.metrics, i)
		}
	}
	if len(c.metrics) == 0 {
		return nil
	}
	return c
}

// columns returns the columns whose old values an update needs.
func (c *counting) columns() (list []string) {
	for _, i := range c.metrics {
		for _, f := range c.object.typ.Metrics[i].Fields() {
			if column := f.Columns()[0]; !slices.Contains(list, column) {
				list = append(list, column)
			}
		}
	}
	return list
}

// oldColumn names the old value of a column among the written rows. A prefix could make the name of a column too long for Postgres.
func (c *counting) oldColumn(column string) string {
	return ident("old value " + strconv.Itoa(slices.Index(c.columns(), column)))
}

// source returns what an update joins: the locked rows with their old values; the condition of the join; and the columns that it returns in
// addition. A write that does not count joins nothing.
func (c *counting) source(where, alias string) (from, condition, returning string) {
	if c == nil {
		return "", where, ""
	}
	var columns, on []string
	for i, k := range c.object.key {
		name := ident("key " + strconv.Itoa(i))
		columns = append(columns, alias+"."+ident(k.column)+" AS "+name)
		on = append(on, alias+"."+ident(k.column)+" = "+oldRows+"."+name)
	}
	for _, column := range c.columns() {
		columns = append(columns, alias+"."+ident(column)+" AS "+c.oldColumn(column))
		returning += ", " + oldRows + "." + c.oldColumn(column)
	}
	from = fmt.Sprintf(" FROM (SELECT %s FROM %s %s WHERE %s FOR NO KEY UPDATE OF %[3]s) %[5]s", join(columns, ", "), ident(c.object.typ.Table), alias, where, oldRows)
	return from, join(on, " AND "), returning
}

// column returns SQL for a text column of counts followed by a comma; "" if the write does not count. The row is the alias of the one row that is
// written, or "" for many rows.
func (c *counting) column(row string) string {
	if c == nil {
		return ""
	}
	var each []string
	for _, i := range c.metrics {
		m := &c.object.typ.Metrics[i]
		if row == "" {
			each = append(each, c.grouped(i, m))
			continue
		}
		value, labels := c.amount(m, row), join(labelsOf(m, row), ", ")
		each = append(each, fmt.Sprintf("json_build_array(%d, (%s)::text, json_build_array(%s))", i, value, labels))
	}
	if row != "" {
		return "json_build_array(" + join(each, ", ") + ")::text, "
	}
	return `(SELECT coalesce(json_agg(json_build_array("metric", "value", "labels")), '[]')::text FROM (` + join(each, " UNION ALL ") + ") counts), "
}

// grouped returns a query of what the written rows add to a metric: its index, the value, and the labels.
func (c *counting) grouped(i int, m *schema.Metric) string {
	labels := labelsOf(m, "w")
	sql := fmt.Sprintf(`SELECT %d AS "metric", coalesce(sum(%s), 0)::text AS "value", json_build_array(%s) AS "labels" FROM %s w`, i, c.amount(m, "w"), join(labels, ", "), writtenRows)
	if len(labels) > 0 {
		sql += " GROUP BY " + join(labels, ", ")
	}
	return sql
}

// maxLabel is how many characters of a label are read. Longer ones are not told apart.
const maxLabel = 200

// labelsOf returns SQL for the labels of a row.
func labelsOf(m *schema.Metric, row string) (labels []string) {
	for _, f := range m.By {
		labels = append(labels, fmt.Sprintf("left(%s.%s::text, %d)", row, ident(f.Columns()[0]), maxLabel))
	}
	return labels
}

// amount returns SQL for what a row adds to a metric.
func (c *counting) amount(m *schema.Metric, row string) string {
	if m.Sum == nil {
		return c.entered(m, row)
	}
	column := m.Sum.Columns()[0]
	value := "coalesce(" + row + "." + ident(column) + "::numeric, 0)" // numerics do not overflow, so that counting fails no write
	if c.update {
		return "greatest(" + value + " - coalesce(" + row + "." + c.oldColumn(column) + "::numeric, 0), 0)"
	}
	return value
}

// entered returns SQL for 1 if a row is new under its labels, or else 0.
func (c *counting) entered(m *schema.Metric, row string) string {
	if !c.update {
		return "1"
	}
	var changed []string
	for _, f := range m.By {
		column := f.Columns()[0]
		changed = append(changed, fmt.Sprintf("%s.%s IS DISTINCT FROM %[1]s.%[3]s", row, ident(column), c.oldColumn(column)))
	}
	return "CASE WHEN " + join(changed, " OR ") + " THEN 1 ELSE 0 END"
}

// Counts reads what Write of a step has returned for its metrics.
func (s Step) Counts(text string) (list []Count, err error) {
	var rows [][3]json.RawMessage
	if err := json.Unmarshal([]byte(text), &rows); err != nil {
		return nil, err
	}
	for _, r := range rows {
		var i int
		var value string
		var labels []*string
		for target, raw := range map[any]json.RawMessage{&i: r[0], &value: r[1], &labels: r[2]} {
			if err := json.Unmarshal(raw, target); err != nil {
				return nil, err
			}
		}
		m := &s.object.typ.Metrics[i]
		n, err := strconv.ParseFloat(value, 64)
		switch {
		case err != nil:
			return nil, err
		case n == 0:
			continue
		}
		list = append(list, Count{Metric: m, Value: n, Labels: namesOf(m, labels)})
	}
	return list, nil
}

// namesOf returns labels as the schema calls the values of enums.
func namesOf(m *schema.Metric, labels []*string) []string {
	names := make([]string, len(labels))
	for i, l := range labels {
		switch f := m.By[i]; {
		case l == nil:
		case f.Type.Enum != nil:
			names[i] = f.Type.Enum.NameOf(*l)
		default:
			names[i] = *l
		}
	}
	return names
}
