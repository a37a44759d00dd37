package meaning_test

import (
	"testing"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/seed/meaning"
)

func TestOf(t *testing.T) {
	for name, want := range map[string]meaning.Meaning{
		"email": {"email", schema.PIIEmail}, "work_e_mail": {"email", schema.PIIEmail}, "emails": {"email", schema.PIIEmail}, "email_address": {"email", schema.PIIEmail},
		"phone": {"phone", schema.PIIPhone}, "mobile": {"phone", schema.PIIPhone}, "mobile_number": {"phone", schema.PIIPhone}, "fax": {"phone", schema.PIIPhone},
		"address": {"address", schema.PIIAddress}, "home_address": {"address", schema.PIIAddress}, "address_line_2": {"street", schema.PIIAddress},
		"ip_address": {"ipv4", schema.PIIIP}, "remote_addr": {"ipv4", schema.PIIIP}, "mac_address": {"hex", ""},
		"full_name": {"name", schema.PIIName}, "surname": {"lastName", schema.PIIName}, "firstname": {"firstName", schema.PIIName},
		"username": {"username", schema.PIICode}, "iban": {"hex", schema.PIICode}, "tax_id": {"hex", schema.PIICode},
		"company_name": {"company", ""}, "external_id": {"hex", ""}, "password_hash": {"hex", ""}, "hometown": {"city", ""}, "id": {}, "town": {"city", ""},
		"name": {}, "automobile": {}, "telefax": {}, "zip": {"zip", ""}, "skip": {}, "paid": {},
	} {
		if got, ok := meaning.Of(name); got != want || ok != (want != meaning.Meaning{}) {
			t.Errorf("%s means %+v, %v; want %+v", name, got, ok, want)
		}
	}
}

func TestIsPerson(t *testing.T) {
	for name, want := range map[string]bool{"User": true, "AppUser": true, "Superuser": true, "Guest": true, "Client": true, "Team": false, "Browser": false, "Homeowner": false, "Reuser": false} {
		if meaning.IsPerson(name) != want {
			t.Errorf("%s is a person: %v", name, !want)
		}
	}
}

func TestIsBirth(t *testing.T) {
	for name, want := range map[string]bool{"birthday": true, "date_of_birth": true, "born_at": true, "dob": true, "birthplace": false, "stillborn": false} {
		if meaning.IsBirth(name) != want {
			t.Errorf("%s is a birth: %v", name, !want)
		}
	}
}
