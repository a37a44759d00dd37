package request_test

import (
	"context"
	"errors"
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
	first, second := errors.New("first"), errors.New("second")
	i.Fail(ctx, nil)
	if f := i.Failure(); f != nil || i.FailureNoted() {
		t.Errorf("the failure of a request that has not failed is %+v", f)
	}
	i.Fail(ctx, first)
	i.Fail(ctx, second)
	i.NoteFailure()
	if f := i.Failure(); f == nil || !errors.Is(f.Err, first) || f.Context != ctx || !i.FailureNoted() {
		t.Errorf("the failure is %+v", f)
	}
	request.From(t.Context()).Fail(ctx, first) // without a request, nothing happens
	request.From(t.Context()).NoteFailure()
	if got := request.From(ctx).Operation(); got != "Feed" {
		t.Errorf("the operation is %q", got)
	}
}
