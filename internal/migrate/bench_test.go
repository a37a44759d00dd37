package migrate_test

import (
	"fmt"
	"testing"
)

func BenchmarkUp200SmallFiles(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		p := newProject(b)
		for i := range 200 {
			p.write(fmt.Sprintf("%05d_t.sql", i+1), fmt.Sprintf("-- +goose Up\nCREATE TABLE t%d (id int);\n-- +goose Down\nDROP TABLE t%[1]d;\n", i))
		}
		m := p.migrator()
		b.StartTimer()
		if _, err := m.Up(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
