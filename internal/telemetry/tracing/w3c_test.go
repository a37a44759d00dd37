package tracing_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/telemetry/tracing"
)

// The IDs that the cases send.
const (
	traceID  = "12345678901234567890123456789012"
	parentID = "1234567890123456"
	valid    = "00-" + traceID + "-" + parentID + "-01"
	unasked  = "00-" + traceID + "-" + parentID + "-00" // not sampled
)

// calls is a service that the server calls on behalf of a request.
type calls struct {
	*httptest.Server
	got []http.Header
}

// harness returns the URL of a server that calls a service three times for each request, and that service.
func harness(t *testing.T) (string, *calls) {
	t.Helper()
	c := &calls{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { c.got = append(c.got, r.Header) }))
	t.Cleanup(c.Close)
	traced, _, _ := start(t, tracing.Options{Endpoint: newCollector(t).URL, Sample: 0.5})
	u, err := url.Parse(c.URL)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: traced.Transport(c.Client().Transport, u.Host)}
	return serve(t, traced, func(_ http.ResponseWriter, r *http.Request) {
		for range 3 {
			call, err := http.NewRequestWithContext(r.Context(), http.MethodGet, c.URL, nil)
			if err != nil {
				t.Error(err)
				return
			}
			response, err := client.Do(call)
			if err != nil {
				t.Error(err)
				return
			}
			response.Body.Close()
		}
	}), c
}

// same is whether the callback has the trace ID that was sent.
type w3cCase struct {
	name   string
	header []string
	same   bool
	state  string // "-" is not looked at
}

// TestTraceContext has the cases of the W3C's own tests, which are at https://github.com/w3c/trace-context/blob/main/test/test.py, by their
// names there. Those of a method with several requests are numbered.
func TestTraceContext(t *testing.T) {
	api, service := harness(t)
	for _, tt := range slices.Concat(parentCases(), stateCases(), limitCases()) {
		t.Run(tt.name, func(t *testing.T) {
			service.got = nil
			send(t, http.MethodPost, api+"/graphql", tt.header...)
			if len(service.got) != 3 {
				t.Fatalf("%d calls", len(service.got))
			}
			ids, parents := map[string]bool{}, map[string]bool{}
			for _, h := range service.got {
				out := h.Values("Traceparent")
				if len(out) != 1 || len(out[0]) != 55 || !strings.HasPrefix(out[0], "00-") {
					t.Fatalf("traceparent out: %q", out)
				}
				fields := strings.Split(out[0], "-")
				ids[fields[1]], parents[fields[2]] = true, true
				if fields[2] == parentID || strings.Trim(fields[1], "0") == "" {
					t.Errorf("traceparent out: %s", out[0])
				}
				if got := strings.Join(h.Values("Tracestate"), ","); tt.state != "-" && got != tt.state {
					t.Errorf("tracestate out: %q, want %q", got, tt.state)
				}
			}
			if len(parents) != 3 || len(ids) != 1 {
				t.Errorf("%d parent IDs, trace IDs %v", len(parents), slices.Collect(maps.Keys(ids)))
			}
			if ids[traceID] != tt.same {
				t.Errorf("the trace IDs out are %v", slices.Collect(maps.Keys(ids)))
			}
		})
	}
}

func parentCases() []w3cCase {
	with := func(name string, same bool, values ...string) w3cCase {
		c := w3cCase{name: name, same: same}
		for _, v := range values {
			c.header = append(c.header, "Traceparent", v)
		}
		return c
	}
	part := func(version, id, parent, flags string) string { return version + "-" + id + "-" + parent + "-" + flags }
	return []w3cCase{
		{name: "both_traceparent_and_tracestate_missing"},
		with("traceparent_included_tracestate_missing", true, valid),
		with("traceparent_duplicated", false, part("00", traceID[:31]+"1", parentID, "01"), valid),
		{name: "traceparent_header_name 1", header: []string{"Trace-Parent", valid}},
		{name: "traceparent_header_name 2", header: []string{"Trace.parent", valid}},
		{name: "traceparent_header_name_valid_casing 1", header: []string{"TraceParent", valid}, same: true},
		{name: "traceparent_header_name_valid_casing 2", header: []string{"TrAcEpArEnT", valid}, same: true},
		{name: "traceparent_header_name_valid_casing 3", header: []string{"TRACEPARENT", valid}, same: true},
		with("traceparent_version_0x00 1", false, valid+"."),
		with("traceparent_version_0x00 2", false, valid+"-what-the-future-will-be-like"),
		with("traceparent_version_0xcc 1", true, "cc"+valid[2:]),
		with("traceparent_version_0xcc 2", true, "cc"+valid[2:]+"-what-the-future-will-be-like"),
		with("traceparent_version_0xcc 3", false, "cc"+valid[2:]+".what-the-future-will-be-like"),
		with("traceparent_version_0xff", false, "ff"+valid[2:]),
		with("traceparent_version_illegal_characters 1", false, ".0"+valid[2:]),
		with("traceparent_version_illegal_characters 2", false, "0."+valid[2:]),
		with("traceparent_version_too_long 1", false, "0"+valid),
		with("traceparent_version_too_long 2", false, "00"+valid),
		with("traceparent_version_too_short", false, valid[1:]),
		with("traceparent_trace_id_all_zero", false, part("00", strings.Repeat("0", 32), parentID, "01")),
		with("traceparent_trace_id_illegal_characters 1", false, part("00", "."+traceID[1:], parentID, "01")),
		with("traceparent_trace_id_illegal_characters 2", false, part("00", traceID[:31]+".", parentID, "01")),
		with("traceparent_trace_id_too_long", false, part("00", traceID+"3", parentID, "01")),
		with("traceparent_trace_id_too_short", false, part("00", traceID[:31], parentID, "01")),
		with("traceparent_parent_id_all_zero", false, part("00", traceID, strings.Repeat("0", 16), "01")),
		with("traceparent_parent_id_illegal_characters 1", false, part("00", traceID, "."+parentID[1:], "01")),
		with("traceparent_parent_id_illegal_characters 2", false, part("00", traceID, parentID[:15]+".", "01")),
		with("traceparent_parent_id_too_long", false, part("00", traceID, parentID+"7", "01")),
		with("traceparent_parent_id_too_short", false, part("00", traceID, parentID[:15], "01")),
		with("traceparent_trace_flags_illegal_characters 1", false, part("00", traceID, parentID, ".0")),
		with("traceparent_trace_flags_illegal_characters 2", false, part("00", traceID, parentID, "0.")),
		with("traceparent_trace_flags_too_long", false, part("00", traceID, parentID, "001")),
		with("traceparent_trace_flags_too_short", false, part("00", traceID, parentID, "1")),
		with("traceparent_ows_handling 1", true, " "+valid),
		with("traceparent_ows_handling 2", true, "\t"+valid),
		with("traceparent_ows_handling 3", true, valid+" "),
		with("traceparent_ows_handling 4", true, valid+"\t"),
		with("traceparent_ows_handling 5", true, "\t "+valid+" \t"),
		with("upper case, by the grammar", false, part("00", strings.ToUpper("abcdef"+traceID[6:]), parentID, "01")),
		with("multiple_requests_with_valid_traceparent", true, valid),
		{name: "multiple_requests_without_traceparent"},
		with("multiple_requests_with_illegal_traceparent", false, part("00", strings.Repeat("0", 32), parentID, "01")),
	}
}

func stateCases() []w3cCase {
	with := func(name, want string, states ...string) w3cCase {
		c := w3cCase{name: name, same: true, state: want, header: []string{"Traceparent", unasked}}
		for _, s := range states {
			c.header = append(c.header, "Tracestate", s)
		}
		return c
	}
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789_-*/"
	var value strings.Builder
	for c := byte(0x20); c <= 0x7e; c++ {
		if c != ',' && c != '=' {
			value.WriteByte(c)
		}
	}
	all := value.String()
	return []w3cCase{
		{name: "tracestate_included_traceparent_missing 1", header: []string{"Tracestate", "foo=1"}},
		{name: "tracestate_included_traceparent_missing 2", header: []string{"Tracestate", "foo=1,bar=2"}},
		with("tracestate_included_traceparent_included", "foo=1,bar=2", "foo=1,bar=2"),
		{name: "tracestate_header_name 1", same: true, header: []string{"Traceparent", unasked, "Trace-State", "foo=1"}},
		{name: "tracestate_header_name 2", same: true, header: []string{"Traceparent", unasked, "Trace.state", "foo=1"}},
		{name: "tracestate_header_name_valid_casing 1", same: true, state: "foo=1", header: []string{"Traceparent", unasked, "TraceState", "foo=1"}},
		{name: "tracestate_header_name_valid_casing 2", same: true, state: "foo=1", header: []string{"Traceparent", unasked, "TrAcEsTaTe", "foo=1"}},
		{name: "tracestate_header_name_valid_casing 3", same: true, state: "foo=1", header: []string{"Traceparent", unasked, "TRACESTATE", "foo=1"}},
		with("tracestate_empty_header 1", "", ""),
		with("tracestate_empty_header 2", "foo=1", "foo=1", ""),
		with("tracestate_empty_header 3", "foo=1", "", "foo=1"),
		with("tracestate_multiple_headers_different_keys", "foo=1,bar=2,rojo=1,congo=2,baz=3", "foo=1,bar=2", "rojo=1,congo=2", "baz=3"),
		with("tracestate_duplicated_keys 1", "foo=1", "foo=1,foo=1"),
		with("tracestate_duplicated_keys 2", "foo=1", "foo=1,foo=2"),
		with("tracestate_duplicated_keys 3", "foo=1", "foo=1", "foo=1"),
		with("tracestate_duplicated_keys 4", "foo=1", "foo=1", "foo=2"),
		with("tracestate_all_allowed_characters 1", letters+"="+all, letters+"="+all),
		with("tracestate_all_allowed_characters 2", letters+"@a-z0-9_-*/="+all, letters+"@a-z0-9_-*/="+all),
		with("tracestate_ows_handling 1", "foo=1,bar=2,baz=3", "foo=1 \t , \t bar=2, \t baz=3"),
		with("tracestate_ows_handling 2", "foo=1,bar=2,baz=3", "foo=1\t \t,\t \tbar=2,\t \tbaz=3"),
		with("tracestate_ows_handling 3", "foo=1", " foo=1"),
		with("tracestate_ows_handling 4", "foo=1", "\tfoo=1"),
		with("tracestate_ows_handling 5", "foo=1", "foo=1 "),
		with("tracestate_ows_handling 6", "foo=1", "foo=1\t"),
		with("tracestate_ows_handling 7", "foo=1", "\t foo=1 \t"),
		with("tracestate_key_illegal_characters 1", "", "foo =1"),
		with("tracestate_key_illegal_characters 2", "", "FOO=1"),
		with("tracestate_key_illegal_characters 3", "", "foo.bar=1"),
		with("tracestate_key_illegal_vendor_format 1", "foo@=1,bar=2", "foo@=1,bar=2"),
		with("tracestate_key_illegal_vendor_format 2", "", "@foo=1,bar=2"),
		with("tracestate_key_illegal_vendor_format 3", "foo@@bar=1,bar=2", "foo@@bar=1,bar=2"),
		with("tracestate_key_illegal_vendor_format 4", "foo@bar@baz=1,bar=2", "foo@bar@baz=1,bar=2"),
		with("tracestate_value_illegal_characters 1", "", "foo=bar=baz"),
		with("tracestate_value_illegal_characters 2", "", "foo=,bar=3"),
	}
}

func limitCases() []w3cCase {
	with := func(name, want string, states ...string) w3cCase {
		c := w3cCase{name: name, same: true, state: want, header: []string{"Traceparent", unasked}}
		for _, s := range states {
			c.header = append(c.header, "Tracestate", s)
		}
		return c
	}
	var members []string
	for c := byte('a'); c < 'a'+17; c++ {
		members = append(members, string(c)+"1=1", string(c)+"2=2")
	}
	join := func(list []string) string { return strings.Join(list, ",") }
	longest, most := strings.Repeat("z", 256), strings.Repeat("v", 512-len("foo=1,")-256-len("="))
	tenant, system := strings.Repeat("t", 241)+"@"+strings.Repeat("v", 14), "t@"+strings.Repeat("v", 15)
	return []w3cCase{
		with("tracestate_member_count_limit 1", join(members[:32]), join(members[:10]), join(members[10:20]), join(members[20:32])),
		with("tracestate_member_count_limit 2", "", join(members[:10]), join(members[10:20]), join(members[20:33])),
		with("tracestate_key_length_limit 1", "foo=1,"+longest+"=1", "foo=1", longest+"=1"),
		with("tracestate_key_length_limit 2", "", "foo=1", longest+"z=1"),
		with("tracestate_key_length_limit 3", "foo=1,"+tenant+"=1", "foo=1", tenant+"=1"),
		with("tracestate_key_length_limit 4", "foo=1,"+strings.Repeat("t", 242)+"@v=1", "foo=1", strings.Repeat("t", 242)+"@v=1"),
		with("tracestate_key_length_limit 5", "foo=1,"+system+"=1", "foo=1", system+"=1"),
		with("ours: 512 bytes are passed on", "foo=1,"+longest+"="+most, "foo=1", longest+"="+most),
		with("ours: of more, whole members are left out from the end", "foo=1", "foo=1", longest+"="+most+"v", "bar=2"),
	}
}

// The flag of level 2 says that the trace ID is random, and is passed on. Other flags are not known.
func TestTraceContextFlags(t *testing.T) {
	api, service := harness(t)
	for in, want := range map[string]string{"02": "2", "03": "2", "fe": "2", "00": "0", "fc": "0"} {
		service.got = nil
		send(t, http.MethodPost, api+"/graphql", "Traceparent", "00-"+traceID+"-"+parentID+"-"+in)
		for _, h := range service.got {
			out := h.Get("Traceparent")
			if random := out[54] & 2; (random != 0) != (want == "2") || out[53] != '0' || out[54] > '3' || !strings.HasPrefix(out, "00-"+traceID) {
				t.Errorf("flags %s: %s", in, out)
			}
		}
	}
}

// Only configured services learn of a trace, and a client cannot choose what the server sends along.
func TestTraceContextStaysAmongServices(t *testing.T) {
	var got http.Header
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header }))
	defer other.Close()
	traced, _, _ := start(t, tracing.Options{Endpoint: newCollector(t).URL, Sample: 1})
	client := &http.Client{Transport: traced.Transport(other.Client().Transport, "issuer.example")}
	call := func(r *http.Request) {
		response, err := client.Do(r)
		if err != nil {
			t.Error(err)
			return
		}
		response.Body.Close()
	}
	api := serve(t, traced, func(_ http.ResponseWriter, r *http.Request) {
		out, err := http.NewRequestWithContext(r.Context(), http.MethodGet, other.URL, nil)
		if err != nil {
			t.Error(err)
			return
		}
		call(out)
	})
	send(t, http.MethodPost, api+"/graphql", "Traceparent", valid, "Tracestate", "foo=1")
	if got == nil || got.Get("Traceparent") != "" || got.Get("Tracestate") != "" {
		t.Errorf("another service gets %v", got)
	}
	out, err := http.NewRequestWithContext(t.Context(), http.MethodGet, other.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if call(out); got.Get("Traceparent") != "" {
		t.Errorf("a request on nobody's behalf has %v", got)
	}
}
