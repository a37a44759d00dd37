// Package tracing follows requests through HTTP, GraphQL and SQL, and sends their spans to a collector by OTLP over HTTP.
//
// Every request is recorded. When it ends, its spans are sent if it was chosen by chance, if a caller that counts asked for it, if it
// failed through a fault of the server, or if it was slow. What waits is bounded: spans above the bounds are lost, and counted. No span
// contains a value of a statement, a variable of an operation or a credential.
//
// The package uses nothing global of OpenTelemetry, and does not read the environment.
package tracing

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/telemetry/otlp"
)

// queueSize is how many spans may wait for the collector by default.
const queueSize = 8192

// scope is the name of the tracer.
const scope = "github.com/krowoc/krowoc"

// Options say what is traced, and who receives it. Zero values take the defaults, except of Sample.
type Options struct {
	otlp.Identity

	Endpoint string            // URL of the collector, with or without /v1/traces; empty waits for SetEndpoint
	Headers  map[string]string // of requests to the collector, such as a key

	Sample float64       // share of the requests to send, 0 to 1
	Slow   time.Duration // a request that takes at least as long is always sent; default 1 s
	Follow bool          // requests whose traceparent says that they are sampled are sent, too, and others are not

	Detail       time.Duration // the shortest step of an operation with a span of its own; default 5 ms
	ServerTiming bool          // tell browsers of the same origin how long parts of a request took

	Delay time.Duration // how long spans wait for others before they are sent; default 2 s
	Queue int           // how many spans may wait to be sent; default 8192
	Held  int           // how many spans of requests that are running may wait for their end; default 65536

	Logger *slog.Logger // nil is silent
	Client *http.Client // to the collector; nil has one of its own
}

func (o Options) withDefaults() (Options, error) {
	const op = "configure traces"
	if o.Sample < 0 || o.Sample > 1 {
		return o, fault.New(fault.Invalid, op, fmt.Sprintf("the share of sampled requests must be from 0 to 1; it is %g", o.Sample))
	}
	if o.Slow < 0 || o.Detail < 0 || o.Delay < 0 || o.Queue < 0 || o.Held < 0 {
		return o, fault.New(fault.Invalid, op, "durations and bounds cannot be negative")
	}
	o.Slow = cmp.Or(o.Slow, time.Second)
	o.Detail = cmp.Or(o.Detail, 5*time.Millisecond)
	o.Delay = cmp.Or(o.Delay, 2*time.Second)
	o.Queue = cmp.Or(o.Queue, queueSize)
	o.Held = cmp.Or(o.Held, 65536)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

// Tracing traces one process. Create it with New.
type Tracing struct {
	options   Options
	sampler   sampler
	resource  *resource.Resource
	provider  *sdk.TracerProvider
	tracer    trace.Tracer
	tail      *tail
	collector *collector
	queue     *queue
}

// New returns a Tracing, which sends nothing before Start.
func New(o Options) (*Tracing, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := otlp.CheckHeaders(o.Headers); err != nil {
		return nil, fault.Wrap("configure traces", err)
	}
	c := newCollector(o.Client, o.Headers)
	if o.Endpoint != "" {
		if err := c.use(o.Endpoint); err != nil {
			return nil, err
		}
	}
	t := &Tracing{options: o, collector: c, sampler: sampler{share: o.Sample, follow: o.Follow}, resource: o.Resource()}
	t.queue = newQueue(otlptrace.NewUnstarted(c), c, o)
	t.tail = &tail{tracing: t, most: int64(o.Held), running: map[trace.SpanID]*work{}}
	t.provider = sdk.NewTracerProvider(
		sdk.WithSampler(t.sampler), sdk.WithSpanProcessor(t.tail), sdk.WithResource(t.resource),
		sdk.WithRawSpanLimits(sdk.SpanLimits{
			AttributeValueLengthLimit: -1, // texts are shortened when they are sent
			AttributeCountLimit:       maxAttributes, EventCountLimit: 64, LinkCountLimit: 16, AttributePerEventCountLimit: 16, AttributePerLinkCountLimit: 16,
		}),
	)
	t.tracer = t.provider.Tracer(scope, trace.WithInstrumentationVersion(o.Version))
	return t, nil
}

// SetEndpoint sets the URL of the collector, which may start later than the process.
func (t *Tracing) SetEndpoint(url string) error { return t.collector.use(url) }

// Begin begins a span for a part of a command, below that of ctx if it has one. The returned function ends it, with the category of an error.
// The text of an error can have values.
func (t *Tracing) Begin(ctx context.Context, name string, attributes ...attribute.KeyValue) (context.Context, func(error)) {
	ctx, s := t.begin(ctx, name, trace.SpanKindInternal, time.Now())
	s.attributes = attributes
	return ctx, func(err error) {
		if err != nil {
			s.failed, s.cause = true, string(fault.CodeOf(err))
		}
		s.finish(time.Now())
	}
}

// Provider makes tracers for parts of the program.
func (t *Tracing) Provider() trace.TracerProvider { return t.provider }

// Tracer is the tracer of the program.
func (t *Tracing) Tracer() trace.Tracer { return t.tracer }

// Start begins to send spans.
func (t *Tracing) Start(context.Context) error {
	t.queue.start()
	return nil
}

// Stop sends what waits, and gives up when ctx ends. Spans that end later are lost and counted.
func (t *Tracing) Stop(ctx context.Context) error {
	t.queue.stop(ctx)
	return nil
}

// Exported returns how many spans the collector has received.
func (t *Tracing) Exported() uint64 { return t.queue.exported.Load() }

// Dropped returns how many spans were lost: no room, or refused by the collector.
func (t *Tracing) Dropped() uint64 { return t.queue.dropped.Load() }

// Status returns the number of lost spans, and why spans do not arrive, or "" if they do. The reason contains no name of a host.
func (t *Tracing) Status() (lost uint64, concern string) {
	if t.queue.away.Load() {
		concern = "traces cannot be sent to the collector"
	}
	return t.Dropped(), concern
}

// Waiting returns how many spans wait to be sent.
func (t *Tracing) Waiting() int { return len(t.queue.spans) }
