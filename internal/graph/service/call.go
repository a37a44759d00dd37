package service

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/request"
	"github.com/krowoc/krowoc/internal/schema"
)

var _ exec.Services = (*Client)(nil)

// content is the body of a request.
type content struct {
	Field     string          `json:"field"` // Query.quote
	Arguments json.RawMessage `json:"arguments"`
	Caller    who             `json:"caller"`
	Time      time.Time       `json:"time"` // request.time
}

// who is the caller, without credentials.
type who struct {
	UID     string   `json:"uid,omitempty"`
	Roles   []string `json:"roles,omitempty"`
	Tier    string   `json:"tier,omitempty"`
	Service bool     `json:"service,omitempty"`
}

func whoIs(c caller.Caller) who { return who{c.UID, c.Roles, c.Tier, c.Service} }

// Call implements exec.Services.
func (c *Client) Call(ctx context.Context, r exec.ServiceRequest) ([]byte, error) {
	whole := ctx
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	out, err := c.request(ctx, r)
	if err != nil {
		return nil, err
	}
	response, err := c.http.Do(out)
	if err != nil {
		return nil, c.unreachable(whole, r.Field, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, c.o.MaxAnswer+1))
	switch {
	case err != nil:
		return nil, c.unreachable(whole, r.Field, err)
	case int64(len(body)) > c.o.MaxAnswer:
		return nil, upstream(r.Field, fmt.Sprintf("the answer has more than %d bytes", c.o.MaxAnswer), "answer with less, or raise graphql.http.maxAnswer")
	case response.StatusCode/100 != 2:
		return nil, refusal(r.Field, response, body)
	}
	return body, nil
}

func nameOf(c *schema.Custom) string {
	if c.Mutation {
		return "Mutation." + c.Name
	}
	return "Query." + c.Name
}

// request returns the signed request of a call.
func (c *Client) request(ctx context.Context, r exec.ServiceRequest) (*http.Request, error) {
	target, err := c.resolve(r.Field)
	if err != nil {
		return nil, err
	}
	address, err := target.With(func(name string) string { return r.Arguments.Texts[name] })
	if err != nil {
		return nil, fault.New(fault.Invalid, "", err.Error())
	}
	body, err := json.Marshal(content{nameOf(r.Field), r.Arguments.JSON, whoIs(r.Caller), r.Time.UTC()})
	if err != nil {
		return nil, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	out, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, upstream(r.Field, "its URL is not valid", "")
	}
	timestamp := strconv.FormatInt(c.o.Now().Unix(), 10)
	for name, value := range map[string]string{
		"Content-Type": "application/json", "Accept": "application/json, application/problem+json", "User-Agent": "krowoc",
		"webhook-id": id.String(), "webhook-timestamp": timestamp, "webhook-signature": c.signatures(id.String(), timestamp, body),
		request.TraceparentHeader: r.Parent, request.IdempotencyHeader: r.Key,
	} {
		if value != "" {
			out.Header.Set(name, value)
		}
	}
	if info := request.From(ctx); info != nil {
		out.Header.Set(request.IDHeader, info.ID)
		out.Header.Set(request.CorrelationHeader, info.Correlation)
	}
	return out, nil
}

// unreachable is the fault of a service that does not answer, or not in time.
func (c *Client) unreachable(whole context.Context, field *schema.Custom, err error) error {
	f := &fault.Error{Code: fault.Unavailable, Op: "call the service of " + field.Name, RetryAfter: time.Second}
	switch {
	case errors.Is(whole.Err(), context.Canceled):
		return &fault.Error{Code: fault.Canceled, Message: "the client closed the request", Err: err}
	case errors.Is(err, context.DeadlineExceeded):
		f.Message, f.Hint = fmt.Sprintf("it has not answered within %s", c.o.Timeout), "make it faster, or raise graphql.http.timeout"
	default:
		f.Message, f.Hint = "it does not answer", "check that it runs"
	}
	f.Err = fmt.Errorf("%s: %w", field.HTTP.URL.Text, inner(err))
	return f
}

// inner is an error without the URL, which may have a secret of the environment or a value of the client.
func inner(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func upstream(field *schema.Custom, message, hint string) error {
	return &fault.Error{Code: fault.Upstream, Op: "call the service of " + field.Name, Message: message, Hint: hint}
}
