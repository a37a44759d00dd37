package traces

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
)

// ids are the fields that OTLP's JSON encodes in hexadecimal, and Protobuf's JSON in base64.
var ids = map[string]bool{"traceId": true, "spanId": true, "parentSpanId": true}

// hexToBase64 converts OTLP's JSON to Protobuf's JSON.
func hexToBase64(text []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var document any
	if err := d.Decode(&document); err != nil {
		return nil, err
	}
	convertIDs(document)
	return json.Marshal(document)
}

func convertIDs(at any) {
	switch at := at.(type) {
	case []any:
		for _, item := range at {
			convertIDs(item)
		}
	case map[string]any:
		for name, item := range at {
			text, isText := item.(string)
			if raw, err := hex.DecodeString(text); ids[name] && isText && err == nil {
				at[name] = base64.StdEncoding.EncodeToString(raw)
				continue
			}
			convertIDs(item)
		}
	}
}
