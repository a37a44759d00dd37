package analytics

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
)

// attemptTimeout limits one request to PostHog.
const attemptTimeout = time.Second

// PostHog sends records to the endpoint /batch/ of PostHog: https://posthog.com/docs/api/capture.
type PostHog struct {
	url     string
	key     []byte // as JSON
	client  *http.Client
	now     func() time.Time
	writers sync.Pool // of *gzip.Writer
}

// NewPostHog returns a sender for a host, such as https://us.i.posthog.com, and the key of a project.
func NewPostHog(host, key string, now func() time.Time) *PostHog {
	quoted, _ := json.Marshal(key) // texts can be encoded
	return &PostHog{
		url: strings.TrimSuffix(host, "/") + "/batch/", key: quoted, now: now,
		client: &http.Client{
			Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		writers: sync.Pool{New: func() any {
			w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is valid
			return w
		}},
	}
}

// Close closes idle connections.
func (p *PostHog) Close() { p.client.CloseIdleConnections() }

// maxRejected limits the requests that look for the records that PostHog rejects. Few batches have more than a handful of those.
const maxRejected = 64

// Send implements Sender. A batch that is too large is sent in halves, and so is one that PostHog rejects, because it rejects a batch for one record.
func (p *PostHog) Send(ctx context.Context, batch []Record) ([]Fate, error) {
	fates := make([]Fate, len(batch))
	rejected := 0
	return fates, p.send(ctx, batch, fates, &rejected)
}

// send sends a batch, and counts the requests that PostHog rejects.
func (p *PostHog) send(ctx context.Context, batch []Record, fates []Fate, rejected *int) error {
	if len(batch) == 0 {
		return nil
	}
	status, err := p.post(ctx, batch)
	if err != nil {
		return err
	}
	isRejected := status == http.StatusBadRequest || status == http.StatusUnprocessableEntity
	if isRejected {
		*rejected++
	}
	divided := status == http.StatusRequestEntityTooLarge || (isRejected && *rejected < maxRejected)
	if divided && len(batch) > 1 {
		half := len(batch) / 2
		if err := p.send(ctx, batch[:half], fates[:half], rejected); err != nil {
			return err
		}
		return p.send(ctx, batch[half:], fates[half:], rejected)
	}
	fate := Delivered
	if status >= http.StatusBadRequest {
		fate = Refused
	}
	for i := range fates {
		fates[i] = fate
	}
	return nil
}

// post sends one request. It returns the status of an answer that is final.
func (p *PostHog) post(ctx context.Context, batch []Record) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	body, err := p.body(batch)
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, body)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Content-Encoding", "gzip")
	request.Header.Set("User-Agent", library)
	response, err := p.client.Do(request)
	if err != nil {
		return 0, &Delay{Err: fault.Wrap("send events to PostHog", err)}
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10)) // so that the connection is used again
	return response.StatusCode, p.delay(response)
}

// delay returns an error if the records of a request wait.
func (p *PostHog) delay(r *http.Response) error {
	wrong := func(code fault.Code, hint ...string) error {
		return fault.New(code, "send events to PostHog", "it answers "+r.Status, hint...)
	}
	retried := []int{http.StatusRequestTimeout, http.StatusTooManyRequests}
	redirected := r.StatusCode >= 300 && r.StatusCode < 400
	switch {
	case slices.Contains(retried, r.StatusCode), r.StatusCode >= http.StatusInternalServerError:
		return &Delay{After: p.retryAfter(r.Header.Get("Retry-After")), Err: wrong(fault.Unavailable)}
	case redirected:
		return &Delay{Denied: true, Err: wrong(fault.Invalid, "set analytics.posthog.host to "+clipped(r.Header.Get("Location")))}
	case r.StatusCode == http.StatusUnauthorized, r.StatusCode == http.StatusForbidden, r.StatusCode == http.StatusNotFound:
		return &Delay{Denied: true, Err: wrong(fault.Invalid, "check analytics.posthog.host and analytics.posthog.key")}
	}
	return nil
}

// retryAfter reads the seconds or the date of a header, up to a minute.
func (p *PostHog) retryAfter(header string) time.Duration {
	var after time.Duration
	if seconds, err := strconv.Atoi(header); err == nil {
		after = time.Duration(min(seconds, 60)) * time.Second
	} else if date, err := http.ParseTime(header); err == nil {
		after = date.Sub(p.now())
	}
	return min(max(after, 0), time.Minute)
}

// body returns the compressed body of a request.
func (p *PostHog) body(batch []Record) (*bytes.Reader, error) {
	var out bytes.Buffer
	w, ok := p.writers.Get().(*gzip.Writer)
	if !ok {
		return nil, errors.New("the pool has no gzip writer")
	}
	defer p.writers.Put(w)
	w.Reset(&out)
	fmt.Fprintf(w, `{"api_key":%s,"sent_at":%q,"batch":[`, p.key, p.now().UTC().Format(wireTime))
	for i, r := range batch {
		if i > 0 {
			_, _ = w.Write([]byte{','})
		}
		_, _ = w.Write(r.JSON)
	}
	_, _ = io.WriteString(w, "]}")
	if err := w.Close(); err != nil {
		return nil, err
	}
	return bytes.NewReader(out.Bytes()), nil
}

// clipped shortens a text of others for a message.
func clipped(text string) string { return strings.ToValidUTF8(text[:min(len(text), 200)], "") }
