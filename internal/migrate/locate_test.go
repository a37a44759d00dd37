package migrate

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// Whatever Postgres says, the place is within the file.
func FuzzLocate(f *testing.F) {
	for _, text := range migrations {
		f.Add(text, int32(3), `column "x" does not exist`, "")
	}
	f.Add("-- +goose Up\nDO $$\n1\n$$;\n", int32(0), "", "inline_code_block line 2")
	f.Add("-- +goose Up\nDO $$\n1\n$$;\n", int32(0), "", "inline_code_block line 999999")
	f.Add("-- +goose Up\nSELECT 'é';\n", int32(1000), "", "")
	f.Fuzz(func(t *testing.T, text string, position int32, message, where string) {
		script, _ := parse(text)
		if script == nil {
			t.Skip()
		}
		lines := strings.Count(text, "\n") + 1
		for _, s := range append(script.up, script.down...) {
			for _, sent := range []string{s.text, strings.ReplaceAll(s.text, "1", "one\n1"), strings.ReplaceAll(s.text, "1", "one")} {
				line, column, width := s.locate(sent, &pgconn.PgError{Position: position, Message: message, Where: where})
				if line < 1 || line > lines || column < 0 || width < 0 {
					t.Fatalf("%d:%d, %d wide, of %q", line, column, width, s.text)
				}
				source := (&file{text: text}).sourceLine(line)
				if column > len([]rune(source))+1 {
					t.Fatalf("column %d of %q", column, source)
				}
			}
		}
	})
}
