package analytics

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/problem"
)

const (
	// browserTimeout limits what a browser waits for PostHog.
	browserTimeout = 5 * time.Second

	// maxForwarded limits how many requests of browsers wait for PostHog at once.
	maxForwarded = 64

	// MaxBrowserBody is how many bytes a browser may send at once.
	MaxBrowserBody = 1 << 20

	// maxAnswer limits what is passed to a browser.
	maxAnswer = 4 << 20
)

// BrowserOptions configure a Browser. Path and Logger are required, and Host unless Log is set.
type BrowserOptions struct {
	Path         string // of the server, such as /relay
	Host, Key    string // of PostHog
	Consent      Consent
	Log          bool // events are logged instead of sent
	Logger       *slog.Logger
	Environment  string
	Release      string
	Now          func() time.Time
	assetsOrigin string
}

// Browser passes events of browsers to PostHog, from a path of this server, so that pages need no other origin. It forwards nothing that identifies
// a browser beside what the page has sent: no cookies, no credentials and no address.
type Browser struct {
	o      BrowserOptions
	client *http.Client
	slots  chan struct{}
	lost   *counts
}

// NewBrowser returns the handler for browsers.
func NewBrowser(o BrowserOptions) (*Browser, error) {
	host, err := url.Parse(o.Host)
	hasHost := err == nil && host.Host != ""
	hasReceiver := hasHost || o.Log
	if o.Path == "" || o.Logger == nil || !hasReceiver {
		return nil, fault.New(fault.Invalid, "serve analytics for browsers", "Path, Host and Logger are required")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Host, o.assetsOrigin = strings.TrimSuffix(o.Host, "/"), assets(strings.TrimSuffix(o.Host, "/"))
	b := &Browser{
		o: o, slots: make(chan struct{}, maxForwarded), lost: &counts{logger: o.Logger, now: o.Now},
		client: &http.Client{
			Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true, DisableCompression: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	return b, nil
}

var cloud = regexp.MustCompile(`^https://(us|eu)\.i\.posthog\.com$`)

// assets returns the origin of the files of posthog-js: PostHog Cloud has another one for them.
func assets(host string) string {
	return cloud.ReplaceAllString(host, "https://$1-assets.i.posthog.com")
}

// Close closes idle connections.
func (b *Browser) Close() { b.client.CloseIdleConnections() }

// The endpoints of PostHog that browsers may use; recordings of sessions are not among them.
var (
	endpoints = regexp.MustCompile(`^/(e|i/v0/e|batch|capture|track|engage|flags)/?$`)
	files     = regexp.MustCompile(`^/(static/[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)?\.js|array/[A-Za-z0-9_-]+/config(\.js)?)$`)
)

// ServeHTTP implements http.Handler.
func (b *Browser) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	endpoint := strings.TrimPrefix(r.URL.Path, b.o.Path)
	isEvent := r.Method == http.MethodPost && endpoints.MatchString(endpoint)
	isFile := r.Method == http.MethodGet && files.MatchString(endpoint) && path.Clean(endpoint) == endpoint
	switch {
	case r.Method == http.MethodGet && endpoint == "/config":
		b.configure(w)
	case isEvent && refuses(r.Header):
		acknowledge(w) // without sending, and without telling the page
	case isEvent && b.o.Log:
		b.log(w, r)
	case isEvent:
		b.forward(w, r, b.o.Host+endpoint)
	case isFile && !b.o.Log:
		b.forward(w, r, b.o.assetsOrigin+endpoint)
	default:
		problem.Write(w, r, fault.New(fault.NotFound, "", "analytics has no such path"))
	}
}

func acknowledge(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"status":1}`)
}

// configure tells a page whether, and how, it may send events.
func (b *Browser) configure(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "max-age=300")
	key := b.o.Key
	if b.o.Log && key == "" {
		key = "development"
	}
	_ = json.NewEncoder(w).Encode(map[string]any{
		"key": key, "consent": b.o.Consent, "environment": b.o.Environment, "release": b.o.Release, "anonymousPrefix": AnonymousPrefix,
	})
}

// The headers that pass.
var (
	forwarded = []string{"Content-Type", "Content-Encoding", "Accept", "Accept-Encoding", "User-Agent", "If-None-Match"}
	returned  = []string{"Content-Type", "Content-Encoding", "Cache-Control", "ETag", "Last-Modified", "Retry-After", "Vary"}
)

// forward passes a request on. Nothing waits for PostHog longer than browserTimeout.
func (b *Browser) forward(w http.ResponseWriter, r *http.Request, target string) {
	select {
	case b.slots <- struct{}{}:
		defer func() { <-b.slots }()
	default:
		b.lost.lose(1, errBusy)
		problem.Write(w, r, fault.New(fault.Unavailable, "", "too many events at once", "try again later"))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), browserTimeout)
	defer cancel()
	response, err := b.ask(ctx, r, target)
	if err != nil {
		b.lost.lose(1, err)
		problem.Write(w, r, &fault.Error{Code: fault.Unavailable, Message: "analytics is not available", Err: err})
		return
	}
	defer func() { _ = response.Body.Close() }()
	isRedirect := response.StatusCode >= 300 && response.StatusCode < 400 && response.StatusCode != http.StatusNotModified
	if isRedirect {
		b.lost.lose(1, errRedirect)
		problem.Write(w, r, fault.New(fault.Unavailable, "", "analytics is not available"))
		return
	}
	copyHeaders(w.Header(), response.Header, returned)
	w.WriteHeader(response.StatusCode)
	_, _ = io.Copy(w, io.LimitReader(response.Body, maxAnswer))
}

var (
	errBusy     = errors.New("too many browsers send at once")
	errRedirect = errors.New("PostHog redirects; check analytics.posthog.host")
)

func (b *Browser) ask(ctx context.Context, r *http.Request, target string) (*http.Response, error) {
	if r.URL.RawQuery != "" {
		target += "?" + r.URL.RawQuery
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, target, r.Body)
	if err != nil {
		return nil, err
	}
	request.ContentLength = r.ContentLength
	copyHeaders(request.Header, r.Header, forwarded)
	return b.client.Do(request)
}

func copyHeaders(to, from http.Header, names []string) {
	for _, name := range names {
		if values := from.Values(name); len(values) > 0 {
			to[http.CanonicalHeaderKey(name)] = values
		}
	}
}

// Dropped returns how many requests of browsers were lost since the start.
func (b *Browser) Dropped() int64 { return b.lost.lost.Load() }
