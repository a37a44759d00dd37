package typescript

import (
	"strings"
	"testing"
)

func TestLinesBreakAsPrettierBreaksThem(t *testing.T) {
	short := call{"z.enum", []node{list{text(`"A"`), text(`"B"`)}}, ""}
	if got := fit(short, 0, width); got != `z.enum(["A", "B"])` {
		t.Error(got)
	}
	var long list
	for _, name := range strings.Fields("ALPHA BRAVO CHARLIE DELTA ECHO FOXTROT GOLF HOTEL INDIA JULIETT") {
		long = append(long, text(`"`+name+`"`))
	}
	got := fit(call{"z.enum", []node{long}, ".nullable()"}, 2, width-2)
	lines := strings.Split(got, "\n")
	if lines[0] != "z.enum(" || lines[1] != "    [" || lines[2] != `      "ALPHA",` || lines[len(lines)-1] != "  ).nullable()" {
		t.Error(got)
	}
	// The last argument that is an object hugs the parentheses.
	object := object{{"name", text("z.string().min(1)")}, {"description", text("z.string().max(200).nullable()")}, {"at", text("z.iso.datetime()")}}
	want := "z.object({\n  name: z.string().min(1),\n  description: z.string().max(200).nullable(),\n  at: z.iso.datetime(),\n})"
	if got := fit(call{"z.object", []node{object}, ""}, 0, width); got != want {
		t.Error(got)
	}
	// A line of exactly 80 columns has no room for a comma.
	if got := fit(call{"f", []node{text(strings.Repeat("x", width-4))}, ""}, 0, width); strings.Contains(got, "\n") {
		t.Errorf("%d columns are broken", len(got))
	}
	if got := fit(call{"f", []node{text(strings.Repeat("x", width-3))}, ""}, 0, width); !strings.Contains(got, "\n") {
		t.Error("80 columns and a comma are on one line")
	}
}
