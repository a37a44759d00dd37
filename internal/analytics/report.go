package analytics

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"net/http"
	"strings"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph/exec"
)

// The names of the events of the server.
const (
	apiRequest     = "api_request"
	logInEvent     = "login"
	errorEvent     = "error"
	exceptionEvent = "$exception"
)

// ReporterOptions configure a Reporter. Client is required.
type ReporterOptions struct {
	Client  *Client
	Consent Consent
	Sample  float64        // of the operations, those that are reported: 0 none, 1 all
	Random  func() float64 // below 1; default math/rand/v2
}

// Reporter reports what the server does as events. A nil Reporter reports nothing.
type Reporter struct {
	o        ReporterOptions
	failures limiter
}

var _ exec.Observer = (*Reporter)(nil)

// NewReporter returns a reporter.
func NewReporter(o ReporterOptions) (*Reporter, error) {
	if o.Client == nil {
		return nil, fault.New(fault.Invalid, "report events", "Client is required")
	}
	if o.Random == nil {
		o.Random = rand.Float64
	}
	return &Reporter{o: o, failures: limiter{now: o.Client.o.Now}}, nil
}

// Capture reports an event of a request, whose caller and IDs are in the context.
func (r *Reporter) Capture(ctx context.Context, name string, properties map[string]any) {
	if r != nil {
		r.capture(ctx, caller.From(ctx), Event{Name: name, Properties: properties})
	}
}

func (r *Reporter) capture(ctx context.Context, c caller.Caller, e Event) {
	p := personOf(ctx, c, r.o.Consent)
	all := about(ctx, p)
	maps.Copy(all, e.Properties)
	e.DistinctID, e.Properties = p.id, all
	r.o.Client.Capture(e)
}

// Name implements exec.Observer.
func (r *Reporter) Name() string { return "analytics" }

// Settle implements exec.Observer: it reports a sample of the operations, and what failed because of the server. Variables and answers stay here.
func (r *Reporter) Settle(ctx context.Context, op *exec.Operation) {
	if failed := fault.CodeOf(op.Err).OfServer(); failed {
		r.failed(ctx, op)
	}
	if r.o.Sample <= 0 || (r.o.Sample < 1 && r.o.Random() >= r.o.Sample) {
		return
	}
	took := r.o.Client.o.Now().Sub(op.Time)
	properties := map[string]any{"type": typeOf(op), "duration_ms": float64(took.Microseconds()) / 1000, "cost": op.Cost, "cached": op.Cached, "sample_rate": r.o.Sample}
	if name := nameOf(op); name != "" {
		properties["operation"] = name
	}
	if code := fault.CodeOf(op.Err); code != "" {
		properties["error_code"] = string(code)
	}
	r.capture(ctx, op.Caller, Event{Name: apiRequest, Properties: properties})
}

// maxName limits the name of an operation, which the client has chosen.
const maxName = 256

// nameOf returns the name of an operation for an event. One whose document is wrong has none.
func nameOf(op *exec.Operation) string {
	if op.Plan == nil {
		return ""
	}
	return strings.ToValidUTF8(op.Name[:min(len(op.Name), maxName)], "")
}

// typeOf returns the type of an operation. One whose document is wrong has none.
func typeOf(op *exec.Operation) string { return cmp.Or(op.Type(), "unknown") }

// failed reports an operation that failed because of the server. What is unexpected is an exception, too.
func (r *Reporter) failed(ctx context.Context, op *exec.Operation) {
	if !r.failures.allow() {
		r.o.Client.counts.lose(1, errManyFailures)
		return
	}
	code := fault.CodeOf(op.Err)
	properties := map[string]any{"error_code": string(code), "type": typeOf(op)}
	if name := nameOf(op); name != "" {
		properties["operation"] = name
	}
	r.capture(ctx, op.Caller, Event{Name: errorEvent, Properties: properties})
	var panicked *fault.Panic
	if code == fault.Internal && !errors.As(op.Err, &panicked) { // which Panicked has reported
		r.exception(ctx, op.Caller, exceptionOf(op.Err))
	}
}

var errManyFailures = errors.New("there were too many failures at once")

func (r *Reporter) exception(ctx context.Context, c caller.Caller, list []exception) {
	r.capture(ctx, c, Event{Name: exceptionEvent, Properties: map[string]any{"$exception_list": list, "$exception_level": "error"}})
}

// Panicked reports a panic with its stack. It must be called by the function that recovers.
func (r *Reporter) Panicked(ctx context.Context, value any) {
	if r == nil {
		return
	}
	if !r.failures.allow() {
		r.o.Client.counts.lose(1, errManyFailures)
		return
	}
	r.exception(ctx, caller.From(ctx), exceptionOfPanic(value))
}

// Wrap is a middleware of the server, after authentication: it keeps what the headers tell of a person's wishes, and reports panics.
func (r *Reporter) Wrap(next http.Handler) http.Handler {
	return Visit(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		defer func() {
			value := recover()
			if value == nil {
				return
			}
			if err, ok := value.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
				r.Panicked(request.Context(), value)
			}
			panic(value) // the server answers
		}()
		next.ServeHTTP(w, request)
	}))
}

// LoggedIn reports a log-in of a user, or one that failed.
func (r *Reporter) LoggedIn(ctx context.Context, uid, method string, failure error) {
	if r == nil {
		return
	}
	properties := map[string]any{"method": method, "success": failure == nil}
	if failure != nil {
		properties["error_code"] = string(fault.CodeOf(failure))
	}
	r.capture(ctx, caller.Caller{UID: uid}, Event{Name: logInEvent, Properties: properties})
}
