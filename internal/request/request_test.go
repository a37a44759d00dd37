package request_test

import (
	"context"
	"testing"

	"github.com/krowoc/krowoc/internal/request"
)

func TestContext(t *testing.T) {
	t.Parallel()
	if i := request.From(t.Context()); i != nil {
		t.Errorf("a context without a request has %+v", i)
	}
	ctx, cancel := context.WithCancel(request.With(t.Context(), &request.Info{ID: "r-1", Correlation: "c-1"}))
	defer cancel()
	i := request.From(ctx)
	if i == nil || i.ID != "r-1" || i.Correlation != "c-1" || i.Operation() != "" {
		t.Fatalf("got %+v", i)
	}
	i.SetOperation("Feed")
	if got := request.From(ctx).Operation(); got != "Feed" {
		t.Errorf("the operation is %q", got)
	}
}
