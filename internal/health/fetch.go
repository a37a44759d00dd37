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

// maxReport is how much of an answer is read.
const maxReport = 1 << 20

// Fetch gets the health of the service at address. An answer that is no report becomes one by its HTTP
// status: below 400 passes. That a service is unhealthy is no error; that nobody answers is.
func Fetch(ctx context.Context, client *http.Client, address string) (Report, error) {
	op := "ask for the health of " + bare(address)
	if u, err := url.Parse(address); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return Report{}, fault.New(fault.Invalid, "ask for health", "this is not the address of a service",
			"write it in full, as in http://127.0.0.1:8080/healthz")
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
		Code: fault.Unavailable, Op: op, Message: "no answer: " + cause(err).Error(),
		Hint: "check that the service runs and that the address is right", Err: err,
	}
}

// parse reads a report, whichever of the draft's words for a status it uses.
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
			if m.Status != "" { // it is optional here
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

// canonical translates the aliases that the draft allows for Terminus and Spring Boot. What is no status
// does not pass.
func (s Status) canonical() Status {
	switch strings.ToLower(string(s)) {
	case "pass", "ok", "up":
		return Pass
	case "warn":
		return Warn
	}
	return Fail
}
