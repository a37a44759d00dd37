package schema

// PII marks a field that contains personal data (@pii): dumps mask its values.
type PII struct {
	Kind PIIKind  // empty: derived from the field's format, its name and its values
	Keys []string // of JSON: keys of the documents whose values are not personal data
}

// PIIKind is the kind of personal data in a string, which determines the form of its mask.
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
	PIINone    PIIKind = "NONE" // looks like personal data but is not
)

// PIIKinds lists every kind.
var PIIKinds = [...]PIIKind{PIIEmail, PIIName, PIIPhone, PIIAddress, PIIURL, PIIIP, PIICode, PIIText, PIINone}

// Personal reports whether the field is marked as personal data.
func (f *Field) Personal() bool { return f.PII != nil && f.PII.Kind != PIINone }
