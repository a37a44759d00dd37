package tracing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzip"
	message "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	traces "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/telemetry/otlp"
)

const (
	tracesPath  = "/v1/traces"
	protobuf    = "application/x-protobuf"
	maxResponse = 64 << 10
)

// collector sends requests by OTLP over HTTP. The exporter of OpenTelemetry's own SDK reads the environment, prints mistakes there with
// their values to standard error, and takes its headers along to where a collector redirects it.
//
// See https://opentelemetry.io/docs/specs/otlp/#otlphttp.
type collector struct {
	http    *http.Client
	isOwn   bool // the client is nobody else's
	headers map[string]string
	clean   *cleaner
	packer  *gzip.Writer // for one request at a time; a new one takes a megabyte
	url     atomic.Pointer[url.URL]
}

func newCollector(client *http.Client, headers map[string]string) *collector {
	packer, err := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
	if err != nil {
		panic(err) // only for a level that does not exist
	}
	c := &collector{http: client, headers: headers, clean: newCleaner(), packer: packer}
	if client == nil {
		c.http, c.isOwn = otlp.NewClient(), true
	}
	return c
}

// use sets the URL of the collector.
func (c *collector) use(address string) error {
	u, err := otlp.Endpoint(address, tracesPath)
	if err != nil {
		return fault.Wrap("configure traces", err)
	}
	c.url.Store(u)
	return nil
}

// host returns where the collector is, without what may be secret in its URL.
func (c *collector) host() string {
	if u := c.url.Load(); u != nil {
		return u.Host
	}
	return ""
}

func (c *collector) close() {
	if c.isOwn {
		c.http.CloseIdleConnections()
	}
}

// refusal is an answer that takes no span.
type refusal struct {
	status    string
	temporary bool
	after     time.Duration // before the next attempt; 0 if the collector does not say
}

func (r *refusal) Error() string { return "the collector answers " + r.status }

// unsendable is a batch that no attempt can send.
type unsendable struct{ err error }

func (u *unsendable) Error() string { return "the spans cannot be written: " + u.err.Error() }

func (u *unsendable) Unwrap() error { return u.err }

// isFinal reports whether the same spans cannot be sent later. Other errors are of the network.
func isFinal(err error) bool {
	var refused *refusal
	if errors.As(err, &refused) {
		return !refused.temporary
	}
	var local *unsendable
	return errors.As(err, &local)
}

// partial is an answer that takes some spans.
type partial struct {
	rejected uint64
	message  string
}

func (p *partial) Error() string {
	return fmt.Sprintf("%d spans were rejected: %s", p.rejected, p.message)
}

// Start implements otlptrace.Client.
func (*collector) Start(context.Context) error { return nil }

// Stop implements otlptrace.Client.
func (*collector) Stop(context.Context) error { return nil }

// UploadTraces implements otlptrace.Client.
func (c *collector) UploadTraces(ctx context.Context, spans []*traces.ResourceSpans) error {
	to := c.url.Load()
	if to == nil {
		return &refusal{status: "nothing, because its URL is not known", temporary: true}
	}
	body, err := c.packed(&message.ExportTraceServiceRequest{ResourceSpans: spans})
	if err != nil {
		return &unsendable{err}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), bytes.NewReader(body))
	if err != nil {
		return &unsendable{err}
	}
	for name, value := range c.headers {
		r.Header.Set(name, value)
	}
	r.Header.Set("Content-Type", protobuf)
	r.Header.Set("Content-Encoding", "gzip")
	response, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxResponse))
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return refusalOf(response)
	}
	if err != nil {
		return err
	}
	return accepted(response, answer)
}

// packed returns a request as bytes, compressed.
func (c *collector) packed(request *message.ExportTraceServiceRequest) ([]byte, error) {
	plain, err := proto.Marshal(request)
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	body.Grow(len(plain) / 8)
	c.packer.Reset(&body)
	_, err = c.packer.Write(plain)
	err = errors.Join(err, c.packer.Close())
	return body.Bytes(), err
}

// refusalOf tells whether another attempt can succeed. See https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes.
func refusalOf(r *http.Response) *refusal {
	refused := &refusal{status: r.Status}
	switch r.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		refused.temporary = true
	}
	if seconds, err := strconv.Atoi(r.Header.Get("Retry-After")); err == nil && seconds > 0 {
		refused.after = time.Duration(seconds) * time.Second
	}
	return refused
}

// accepted returns an error if the collector did not take all spans.
func accepted(r *http.Response, answer []byte) error {
	var result message.ExportTraceServiceResponse
	unread := r.Header.Get("Content-Type") != protobuf || proto.Unmarshal(answer, &result) != nil
	if unread { // it has taken them, whatever it says
		return nil
	}
	p := result.GetPartialSuccess()
	if p.GetRejectedSpans() <= 0 {
		return nil
	}
	return &partial{uint64(p.GetRejectedSpans()), p.GetErrorMessage()}
}
