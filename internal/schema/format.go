package schema

import "strings"

const (
	label = `[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?`
	octet = `(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])`
	ipv4  = octet + `(\.` + octet + `){3}`
	h16   = `[0-9A-Fa-f]{1,4}`
)

// ipv6 is the forms of RFC 4291, section 2.2: with n groups before the double colon, with none, and with an IPv4 address.
var ipv6 = strings.Join([]string{
	`(H:){7}H`, `(H:){1,7}:`, `(H:){1,6}:H`, `(H:){1,5}(:H){1,2}`, `(H:){1,4}(:H){1,3}`, `(H:){1,3}(:H){1,4}`, `(H:){1,2}(:H){1,5}`,
	`H:(:H){1,6}`, `:((:H){1,7}|:)`,
	`(H:){6}V`, `::(H:){0,5}V`, `H::(H:){0,4}V`, `(H:){2}:(H:){0,3}V`, `(H:){3}:(H:){0,2}V`, `(H:){4}:(H:){0,1}V`, `(H:){5}:V`,
}, "|")

// formats are patterns with the same meaning in RE2, ECMAScript, Rust's regex crate, Python and Postgres: ASCII, with only the
// escapes that all of them have.
var formats = map[Format]string{
	// What browsers accept in <input type=email>, with a dot in the domain
	// (https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address).
	Email: "^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@" + label + `(\.` + label + `)+$`,
	// A scheme, an authority and the rest, in the characters of RFC 3986.
	URL:      `^[A-Za-z][A-Za-z0-9+.-]*://[!-"$-.0->@-~][!-~]*$`,
	Hostname: `^(` + label + `\.)*` + label + `$`,
	IPv4:     `^` + ipv4 + `$`,
	IPv6:     `^(` + strings.NewReplacer("H", h16, "V", ipv4).Replace(ipv6) + `)$`,
	UUID:     `^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`,
	Slug:     `^[a-z0-9]+(-[a-z0-9]+)*$`,
	Color:    `^#([0-9A-Fa-f]{3,4}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})$`,
	Phone:    `^\+[1-9][0-9]{1,14}$`,
}

// Pattern returns the regular expression of the format, which is the same in the database and in every model.
func (f Format) Pattern() string { return formats[f] }
