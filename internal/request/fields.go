package request

// Names of fields in the records of the log. Every part that logs one of these facts uses its name.
const (
	FieldRequestID     = "request_id"
	FieldCorrelationID = "correlation_id"
	FieldTraceID       = "trace_id"
	FieldSpanID        = "span_id"
	FieldOperation     = "operation"
	FieldUID           = "uid"
	FieldKey           = "key"
	FieldService       = "service"

	FieldMethod    = "method"
	FieldPath      = "path"
	FieldStatus    = "status"
	FieldBytes     = "bytes"
	FieldDuration  = "duration_ms"
	FieldRemote    = "remote"
	FieldUserAgent = "user_agent"
	FieldRefused   = "refused"
	FieldAborted   = "aborted"

	FieldDocument = "document_hash"
	FieldFields   = "root_fields"
	FieldCost     = "cost"

	FieldCode  = "code"
	FieldError = "error"
	FieldPanic = "panic"
	FieldStack = "stack"
	FieldCause = "cause"
)

// Field is a field of records that requests cause.
type Field struct{ Name, In, Doc string }

// Where fields are.
const (
	everyRecord = "every record"
	ofRequests  = "every record of a request"
	accessLog   = "access log"
	slowOnes    = "slow operations"
	failures    = "failures"
)

// Fields returns all fields of records that requests cause, in the order of the documentation.
func Fields() []Field {
	return []Field{
		{"time", everyRecord, "When, as RFC 3339 with the offset from UTC."},
		{"level", everyRecord, "DEBUG, INFO, WARN or ERROR."},
		{"msg", everyRecord, "What happened. The text is the same each time; what differs is in fields."},
		{FieldRequestID, ofRequests, "ID of the request: X-Request-ID, the trace ID of `traceparent`, or a new UUID. The response has it."},
		{FieldCorrelationID, ofRequests, "X-Correlation-ID, or else the ID of the request."},
		{FieldTraceID, ofRequests, "ID of the trace, if there is one."},
		{FieldSpanID, ofRequests, "ID of the span within the trace."},
		{FieldOperation, ofRequests, "Name of the GraphQL operation, once its document is known to be valid."},
		{FieldUID, ofRequests, "User ID of the caller, once authenticated."},
		{FieldKey, ofRequests, "ID of the API key, never the key itself."},
		{FieldService, ofRequests, "true if the caller is the project's own service."},
		{FieldMethod, accessLog, "HTTP method."},
		{FieldPath, accessLog, "Path of the URL, without the query."},
		{FieldStatus, accessLog, "Status of the response; 0 if none was sent."},
		{FieldBytes, accessLog, "Size of the response's body."},
		{FieldDuration, accessLog, "How long the request took, in milliseconds."},
		{FieldRemote, accessLog, "IP address that the connection comes from."},
		{FieldUserAgent, accessLog, "What the client calls itself."},
		{FieldRefused, accessLog, "Why the credentials were not accepted."},
		{FieldAborted, accessLog, "true if the connection was cut before the response was complete."},
		{FieldDocument, slowOnes, "SHA-256 of the GraphQL document, as in `graphql.document.hash` of traces."},
		{FieldFields, slowOnes, "Type of the operation and its root fields, as the schema calls them."},
		{FieldCost, slowOnes, "How many fields the operation could return."},
		{FieldCode, failures, "Category of the error, as in `extensions.code`, in lower case."},
		{FieldError, failures, "The error, with its causes."},
		{FieldPanic, failures, "Value of a panic."},
		{FieldStack, failures, "Stack of a panic."},
		{FieldCause, failures, "Why the service is not ready or not healthy."},
	}
}
