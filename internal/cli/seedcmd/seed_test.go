package seedcmd

import (
	"fmt"
	"testing"
)

func TestGenerateFlags(t *testing.T) {
	o := Options{Generate: []string{"1000", "Prompt=500", "Execution=1_000_000"}}
	list, err := o.counts()
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%v", list); got != "[{ 1000} {Prompt 500} {Execution 1000000}]" {
		t.Error(got)
	}
	for _, wrong := range []string{"", "many", "Prompt=", "Prompt=-1", "=5", "Prompt=1.5"} {
		o := Options{Generate: []string{wrong}}
		if list, err := o.counts(); err == nil {
			t.Errorf("--generate %q is %v", wrong, list)
		}
	}
}
