package ddl

import (
	"slices"
	"strconv"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
)

// concurrently returns the keyword with which indexes are created and dropped while others use the table.
func (p *planner) concurrently() string {
	if p.Plain {
		return ""
	}
	return "CONCURRENTLY "
}

// createIndex creates an index of a table by its statement. Postgres cannot build the index of a partitioned table concurrently. It can build
// those of the partitions, which are then attached to it.
func (p *planner) createIndex(t *catalog.Table, i *catalog.Index, sql string) step {
	if t.Kind == "partitioned table" {
		_, keys, _ := strings.Cut(sql, " ON "+name(i.Schema, i.Table)+" ")
		return step{up: p.partitionedIndex(t, i, i.Name, keys), down: []string{"DROP INDEX " + name(i.Schema, i.Name)}}
	}
	return one(strings.Replace(sql, "INDEX ", "INDEX "+p.concurrently(), 1), p.dropIndex(i.Schema, i.Name))
}

// getsIndex reports whether a new index replaces the index of a unique constraint.
func (p *planner) getsIndex(cur, want *catalog.Table, c *catalog.Constraint) bool {
	had := indexesOf(p.cur, cur)
	return c.Kind == "unique" && slices.ContainsFunc(indexesOf(p.want, want), func(i *catalog.Index) bool {
		return byName(had, i.Name) == nil && len(i.Columns) > 0 && i.Columns[0] == ident(c.Columns[0])
	})
}

func (p *planner) dropIndex(schema, index string) string {
	return "DROP INDEX " + p.concurrently() + name(schema, index)
}

// replaceIndex builds an index before it drops the one of the same name, unless the table is partitioned.
func (p *planner) replaceIndex(t *catalog.Table, old, now *catalog.Index) step {
	if t.Kind == "partitioned table" { // the indexes of its partitions would keep their temporary names
		drop := "DROP INDEX " + name(old.Schema, old.Name)
		return step{up: append([]string{drop}, p.createIndex(t, now, p.index(now)).up...), down: append([]string{drop}, p.createIndex(t, old, plainIndex(old)).up...)}
	}
	swap := func(to *catalog.Index) []string {
		next := *to
		next.Name = cut(to.Name) + "_next"
		next.Definition = strings.Replace(to.Definition, "INDEX "+ident(to.Name)+" ON ", "INDEX "+ident(next.Name)+" ON ", 1)
		return append(p.createIndex(t, &next, plainIndex(&next)).up, p.dropIndex(to.Schema, to.Name), "ALTER INDEX "+name(next.Schema, next.Name)+" RENAME TO "+ident(to.Name))
	}
	return step{up: swap(now), down: swap(old)}
}

// partitionedIndex creates an index of a partitioned table under a name, and of all its partitions. keys is the part of the statement after
// the table.
func (p *planner) partitionedIndex(t *catalog.Table, i *catalog.Index, index, keys string) []string {
	create := func(index, on string, how string) string {
		return "CREATE INDEX " + how + ident(index) + " ON " + on + " " + keys
	}
	partitions := p.partitionsOf(t)
	if len(partitions) == 0 || p.Plain {
		return []string{create(index, tableName(t), "")}
	}
	statements := []string{create(index, "ONLY "+tableName(t), "")}
	for _, part := range partitions {
		partIndex := p.freeIndexName(part, i)
		if part.Kind == "partitioned table" {
			statements = append(statements, p.partitionedIndex(part, i, partIndex, keys)...)
		} else {
			statements = append(statements, create(partIndex, tableName(part), p.concurrently()))
		}
		statements = append(statements, "ALTER INDEX "+name(t.Schema, index)+" ATTACH PARTITION "+name(part.Schema, partIndex))
	}
	return statements
}

// partitionsOf returns the partitions of a table, without those of partitions.
func (p *planner) partitionsOf(t *catalog.Table) (list []*catalog.Table) {
	for i := range p.cur.Tables {
		if part := &p.cur.Tables[i]; part.Bound != "" && slices.Contains(part.Parents, catalogName(t.Schema, t.Name)) {
			list = append(list, part)
		}
	}
	return list
}

// freeIndexName returns an unused name for the index of a partition. For an index that is created again, it returns the current name.
func (p *planner) freeIndexName(part *catalog.Table, i *catalog.Index) string {
	keys := func(x *catalog.Index) string { return x.Definition[strings.Index(x.Definition, " USING "):] }
	if byName(indexesOf(p.cur, p.cur.Table(i.Schema, i.Table)), i.Name) != nil {
		for _, x := range indexesOf(p.cur, part) {
			if keys(x) == keys(i) {
				return x.Name
			}
		}
	}
	taken := func(name string) bool {
		return p.named[part.Schema+"."+name] || slices.ContainsFunc(p.cur.Indexes, func(x catalog.Index) bool { return x.Schema == part.Schema && x.Name == name })
	}
	stem := cut(part.Name + strings.TrimPrefix(i.Name, i.Table))
	name := stem
	for n := 2; taken(name); n++ {
		name = stem + strconv.Itoa(n)
	}
	p.named[part.Schema+"."+name] = true
	return name
}
