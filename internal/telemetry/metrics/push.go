package metrics

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	bridge "go.opentelemetry.io/contrib/bridges/prometheus"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/telemetry/otlp"
)

// PushOptions say where metrics are pushed to.
type PushOptions struct {
	otlp.Identity

	Endpoint string            // URL of an OpenTelemetry collector, with or without /v1/metrics
	Headers  map[string]string // of each request, such as Authorization; may be nil
	Interval time.Duration     // default one minute
	Logger   *slog.Logger
}

// The limits of a push: how long it may take while the server runs, and when it stops.
const (
	pushTimeout     = 10 * time.Second
	lastPushTimeout = 3 * time.Second
)

// Pusher pushes metrics to an OpenTelemetry collector by OTLP over HTTP. A collector that does not answer costs a request for each interval, and
// no memory: counters keep their values.
type Pusher struct {
	reader   *sdk.ManualReader
	provider *sdk.MeterProvider
	exporter sdk.Exporter
	log      *slog.Logger
	client   *http.Client
	host     string // of the collector, without what may be secret in its URL
	failing  bool

	cancel func()
	ended  chan struct{} // closed when no push is under way any more
}

// Push begins to push the metrics, until Stop. It does not wait for the collector.
func (m *Metrics) Push(ctx context.Context, o PushOptions) (*Pusher, error) {
	const op = "push metrics"
	to, err := otlp.Endpoint(o.Endpoint, metricsPath)
	if err == nil {
		err = otlp.CheckHeaders(o.Headers)
	}
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	client := otlp.NewClient()
	client.Transport = &sender{client.Transport, to, o.Headers}
	exporter, err := otlpmetrichttp.New(ctx,
		otlpmetrichttp.WithHTTPClient(client), otlpmetrichttp.WithEndpointURL(placeholder), otlpmetrichttp.WithHeaders(nil),
		otlpmetrichttp.WithCompression(otlpmetrichttp.GzipCompression),
		otlpmetrichttp.WithTimeout(pushTimeout), otlpmetrichttp.WithRetry(otlpmetrichttp.RetryConfig{}), // the next push has everything
	)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	reader := sdk.NewManualReader(sdk.WithProducer(bridge.NewMetricProducer(bridge.WithGatherer(classic{m.registry}))))
	p := &Pusher{
		reader: reader, provider: sdk.NewMeterProvider(sdk.WithReader(reader), sdk.WithResource(o.Resource())), exporter: exporter,
		client: client, log: o.Logger, host: to.Host, ended: make(chan struct{}),
	}
	background, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p.cancel = cancel
	go p.run(background, cmp.Or(o.Interval, time.Minute))
	return p, nil
}

// run pushes until ctx ends. It takes the place of OpenTelemetry's periodic reader, whose errors go to a global handler.
func (p *Pusher) run(ctx context.Context, interval time.Duration) {
	defer close(p.ended)
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			p.push(ctx, pushTimeout)
		}
	}
}

// push pushes once. It logs when pushes begin to fail, and when they succeed again.
func (p *Pusher) push(ctx context.Context, within time.Duration) {
	limited, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	var all metricdata.ResourceMetrics
	err := p.reader.Collect(limited, &all)
	if err == nil {
		err = p.exporter.Export(limited, &all)
	}
	switch {
	case ctx.Err() != nil: // the server stops
	case err != nil && !p.failing:
		p.failing = true
		p.log.Warn("metrics cannot be pushed", "collector", p.host, "error", otlp.Cause(err))
	case err == nil && p.failing:
		p.failing = false
		p.log.Info("metrics are pushed again", "collector", p.host)
	}
}

// Stop pushes the metrics once more, within a limit, and ends.
func (p *Pusher) Stop(ctx context.Context) error {
	p.cancel()
	<-p.ended // a push under way ends with its context
	p.push(ctx, lastPushTimeout)
	defer p.client.CloseIdleConnections()
	return errors.Join(p.provider.Shutdown(ctx), p.exporter.Shutdown(ctx))
}

// classic gathers histograms without their native form, of which the bridge to OpenTelemetry loses the exemplars.
type classic struct{ prometheus.Gatherer }

// Gather implements prometheus.Gatherer.
func (c classic) Gather() ([]*dto.MetricFamily, error) {
	families, err := c.Gatherer.Gather()
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if h := m.GetHistogram(); h != nil {
				h.Schema, h.ZeroThreshold, h.ZeroCount, h.PositiveSpan, h.PositiveDelta, h.NegativeSpan, h.NegativeDelta, h.Exemplars = nil, nil, nil, nil, nil, nil, nil, nil
			}
		}
	}
	return families, err
}
