package analytics_test

import "testing"

// BenchmarkCreate compares a mutation that stores two events with the same one that stores none.
func BenchmarkCreate(b *testing.B) {
	x := track(b, false)
	for name, serve := range map[string]func(){
		"events": func() { x.serveWith(b, x.outbox) },
		"none": func() {
			x.options.Outbox = nil
			x.serve(b)
		},
	} {
		b.Run(name, func(b *testing.B) {
			serve()
			for b.Loop() {
				x.ask(b, ada, create)
			}
		})
	}
}
