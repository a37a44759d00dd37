// Package otlp has what all that is sent to OpenTelemetry collectors has in common, so that the same settings mean the same for traces and
// for metrics: the URL, the headers, the client and the resource. It reads no environment.
package otlp

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/krowoc/krowoc/internal/fault"
)

// Endpoint returns the URL that requests for a signal go to. path, such as /v1/traces, is added to an address that does not end with it.
func Endpoint(address, path string) (*url.URL, error) {
	u, err := url.Parse(address)
	isWeb := err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
	if !isWeb {
		return nil, fault.New(fault.Invalid, "read the URL of the collector", "it is not valid", "write it as in http://127.0.0.1:4318")
	}
	if !strings.HasSuffix(u.Path, path) {
		u.Path = cmp.Or(u.Path, "/") // JoinPath keeps a path relative, which an HTTP request cannot have
		u = u.JoinPath(path)
	}
	return u, nil
}

// NewClient returns a client with connections of its own, which the caller closes. It follows no redirect: that would get the headers.
func NewClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Cause returns an error without the URL of the request, which may have a secret.
func Cause(err error) error {
	var request *url.Error
	if errors.As(err, &request) {
		return request.Err
	}
	return err
}

// Identity says which process something comes from.
type Identity struct {
	Service     string // name
	Version     string
	Environment string
	Instance    string // unique for the process; empty makes one up
}

// Resource returns the resource of an identity. See https://opentelemetry.io/docs/specs/semconv/resource/service/.
func (i Identity) Resource() *resource.Resource {
	if i.Instance == "" {
		i.Instance = uuid.NewString()
	}
	attributes := []attribute.KeyValue{
		attribute.String("service.name", i.Service), attribute.String("service.instance.id", i.Instance),
		attribute.String("telemetry.sdk.name", "opentelemetry"), attribute.String("telemetry.sdk.language", "go"),
	}
	for key, value := range map[string]string{"service.version": i.Version, "deployment.environment.name": i.Environment} {
		if value != "" {
			attributes = append(attributes, attribute.String(key, value))
		}
	}
	return resource.NewSchemaless(attributes...)
}
