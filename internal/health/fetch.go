package health

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
)

// maxReport is the maximum number of bytes of a response to read.
const maxReport = 1 << 20

// Fetch gets the health of the service at address. A response that is not a report is converted to one: an HTTP status below 400 passes. An
// unhealthy service is not an error, but a missing response is.
func Fetch(ctx context.Context, client *http.Client, address string) (Report, error) {
	op := "check the health of " + bare(address)
	if u, err := url.Parse(address); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return Report{}, fault.New(fault.Invalid, "check the health of a service", "invalid URL",
			"write the full URL, for example http://127.0.0.1:8080/healthz")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return Report{}, &fault.Error{Code: fault.Invalid, Op: op, Err: cause(err)}
	}
	req.Header.Set("Accept", MediaType+", application/json;q=0.9, */*;q=0.1")
	resp, err := client.Do(req)
	if err != nil {
		return Report{}, unreachable(ctx, op, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReport))
	if err != nil {
		return Report{}, unreachable(ctx, op, err)
	}
	return parse(resp, body), nil
}

func unreachable(ctx context.Context, op string, err error) error {
	if ctx.Err() != nil {
		return fault.Wrap(op, ctx.Err())
	}
	return &fault.Error{
		Code: fault.Unavailable, Op: op, Message: "no response: " + cause(err).Error(),
		Hint: "check that the service is running and that the address is correct", Err: err,
	}
}

// parse reads a report with any of the status names that the draft allows.
func parse(resp *http.Response, body []byte) Report {
	var r Report
	mediaType, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	isJSON := mediaType == MediaType || mediaType == "application/json"
	if !isJSON || json.Unmarshal(body, &r) != nil || r.Status == "" {
		r = Report{Status: Pass}
	}
	r.Status = r.Status.canonical()
	for _, measurements := range r.Checks {
		for i, m := range measurements {
			if m.Status != "" { // the status of a measurement is optional
				measurements[i].Status = m.Status.canonical()
			}
		}
	}
	if resp.StatusCode >= http.StatusBadRequest {
		r.Status = Fail
		if r.Output == "" {
			r.Output = fmt.Sprintf("HTTP %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
		}
	}
	return r
}

// canonical translates the aliases that the draft allows for Terminus and Spring Boot. An unknown status is Fail.
func (s Status) canonical() Status {
	switch strings.ToLower(string(s)) {
	case "pass", "ok", "up":
		return Pass
	case "warn":
		return Warn
	}
	return Fail
}
