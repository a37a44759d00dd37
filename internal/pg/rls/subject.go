package rls

import (
	"strings"

	"github.com/krowoc/krowoc/internal/pg"
)

// urlNamespace is the namespace of URLs (RFC 9562, section 6.6).
const urlNamespace = "6ba7b811-9dad-11d1-80b4-00c04fd430c8"

// uidOf returns the query for the user ID that claims name. Claims of the API name no issuer: their sub is the user ID.
func uidOf(subjects []Subject) string {
	if len(subjects) == 0 {
		return "SELECT " + Schema + ".claims() ->> 'sub'"
	}
	var b strings.Builder
	b.WriteString("SELECT CASE")
	for _, s := range subjects {
		condition, namespace := "c ->> 'iss' = "+pg.QuoteLiteral(s.Issuer), pg.QuoteLiteral(s.Namespace)
		if s.Pattern != "" {
			condition = "c ->> 'iss' ~ " + pg.QuoteLiteral(s.Pattern)
		}
		if s.Namespace == "" {
			namespace = Schema + ".uuid_v5('" + urlNamespace + "', c ->> 'iss')"
		}
		b.WriteString("\n    WHEN " + condition + " THEN " + Schema + ".uuid_v5(" + namespace + ", c ->> 'sub')::text")
	}
	return b.String() + "\n    ELSE c ->> 'sub' END FROM " + Schema + ".claims() c"
}

// uuidV5 makes a UUID of a name (version 5, RFC 9562). The one of Postgres is in an extension, which not every database can have.
const uuidV5 = `CREATE OR REPLACE FUNCTION ` + Schema + `.uuid_v5(namespace uuid, name text) RETURNS uuid LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $krowoc$
DECLARE hash bytea;
BEGIN
  hash := substring(` + Schema + `.sha1(uuid_send(namespace) || convert_to(name, 'UTF8')) FOR 16);
  hash := set_byte(set_byte(hash, 6, (get_byte(hash, 6) & 15) | 80), 8, (get_byte(hash, 8) & 63) | 128);
  RETURN encode(hash, 'hex')::uuid;
END $krowoc$`

// sha1 is SHA-1 (RFC 3174), which Postgres does not have outside of extensions.
const sha1 = `CREATE OR REPLACE FUNCTION ` + Schema + `.sha1(message bytea) RETURNS bytea LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $krowoc$
DECLARE
  mask CONSTANT bigint := 4294967295;
  padded bytea := message || decode('80' || repeat('00', (119 - length(message) % 64) % 64), 'hex') || int8send(length(message)::bigint * 8);
  w bigint[]; n bigint;
  a bigint; b bigint; c bigint; d bigint; e bigint;
  h0 bigint := 1732584193; h1 bigint := 4023233417; h2 bigint := 2562383102; h3 bigint := 271733878; h4 bigint := 3285377520;
BEGIN
  FOR block IN 0 .. length(padded) / 64 - 1 LOOP
    w := array_fill(0::bigint, ARRAY[80]);
    FOR t IN 0 .. 15 LOOP
      w[t + 1] := (get_byte(padded, block * 64 + t * 4)::bigint << 24) | (get_byte(padded, block * 64 + t * 4 + 1) << 16)
        | (get_byte(padded, block * 64 + t * 4 + 2) << 8) | get_byte(padded, block * 64 + t * 4 + 3);
    END LOOP;
    FOR t IN 17 .. 80 LOOP
      n := w[t - 3] # w[t - 8] # w[t - 14] # w[t - 16];
      w[t] := ((n << 1) | (n >> 31)) & mask;
    END LOOP;
    a := h0; b := h1; c := h2; d := h3; e := h4;
    FOR t IN 1 .. 80 LOOP
      n := (((a << 5) | (a >> 27)) & mask) + e + w[t] + CASE
        WHEN t <= 20 THEN (d # (b & (c # d))) + 1518500249
        WHEN t <= 40 THEN (b # c # d) + 1859775393
        WHEN t <= 60 THEN ((b & c) | (d & (b | c))) + 2400959708
        ELSE (b # c # d) + 3395469782 END;
      e := d; d := c; c := ((b << 30) | (b >> 2)) & mask; b := a; a := n & mask;
    END LOOP;
    h0 := (h0 + a) & mask; h1 := (h1 + b) & mask; h2 := (h2 + c) & mask; h3 := (h3 + d) & mask; h4 := (h4 + e) & mask;
  END LOOP;
  RETURN substring(int8send(h0) FROM 5) || substring(int8send(h1) FROM 5) || substring(int8send(h2) FROM 5) || substring(int8send(h3) FROM 5) || substring(int8send(h4) FROM 5);
END $krowoc$`
