package schema

// PII marks a field that holds personal data (@pii): no value of it leaves the database in a dump.
type PII struct {
	Kind PIIKind  // empty: by the field's format, its name and the value itself
	Keys []string // of JSON: the names within the documents that are no personal data
}

// PIIKind is what a text of a person is, and so what its mask looks like.
type PIIKind string

// The kinds of personal data.
const (
	PIIEmail   PIIKind = "EMAIL"
	PIIName    PIIKind = "NAME"
	PIIPhone   PIIKind = "PHONE"
	PIIAddress PIIKind = "ADDRESS"
	PIIURL     PIIKind = "URL"
	PIIIP      PIIKind = "IP"
	PIICode    PIIKind = "CODE" // a user name, an account number: letters stay letters and digits digits
	PIIText    PIIKind = "TEXT"
	PIINone    PIIKind = "NONE" // looks like personal data and is none
)

// PIIKinds lists every kind.
var PIIKinds = [...]PIIKind{PIIEmail, PIIName, PIIPhone, PIIAddress, PIIURL, PIIIP, PIICode, PIIText, PIINone}

// Personal reports whether the field is marked as personal data.
func (f *Field) Personal() bool { return f.PII != nil && f.PII.Kind != PIINone }
