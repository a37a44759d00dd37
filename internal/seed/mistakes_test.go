package seed_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
)

// TestMistakes loads each folder of testdata/mistakes and compares all that is said about it. The database
// is never asked.
func TestMistakes(t *testing.T) {
	folders, err := filepath.Glob("testdata/mistakes/*")
	if err != nil || len(folders) == 0 {
		t.Fatal(folders, err)
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			_, err := seed.Load(t.Context(), options(t, noDatabase(t), os.DirFS(folder)))
			var list diag.List
			if !errors.As(err, &list) || fault.CodeOf(err) != fault.Invalid {
				t.Fatalf("got %v", err)
			}
			for _, d := range list {
				if d.Code == "" || d.File == "" || !strings.HasPrefix(d.File, "seeds/") {
					t.Errorf("incomplete: %+v", d)
				}
			}
			testkit.Golden(t, filepath.Join("testdata", filepath.Base(folder)+".golden"), []byte(list.Error()+"\n"))
		})
	}
}
