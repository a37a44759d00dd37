package ddl_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/ddl"
)

// The memory that a comparison needs grows with the number of tables, not with its square: nothing is copied for each table.
func TestDiffIsLinear(t *testing.T) {
	few, many := allocated(100), allocated(800)
	if many > 12*few {
		t.Errorf("a diff of 100 tables allocates %d bytes, one of 800 tables %d", few, many)
	}
}

// allocated returns how many bytes a diff of equal databases allocates.
func allocated(tables int) uint64 {
	c := &catalog.Catalog{}
	for i := range tables {
		name := fmt.Sprint("t", i)
		c.Tables = append(c.Tables, catalog.Table{Schema: "public", Name: name, Columns: []catalog.Column{{Schema: "public", Table: name, Name: "n", Type: "integer"}}})
		for _, index := range []string{name + "_a_idx", name + "_b_idx"} {
			definition := "CREATE INDEX " + index + " ON public." + name + " USING btree (n)"
			c.Indexes = append(c.Indexes, catalog.Index{Schema: "public", Table: name, Name: index, Definition: definition, Method: "btree", Valid: true, Columns: []string{"n"}})
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	ddl.Diff(c, c, ddl.Options{})
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
