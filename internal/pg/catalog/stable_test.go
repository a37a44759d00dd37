package catalog

import "testing"

func TestStable(t *testing.T) {
	t.Parallel()
	for first, later := range map[string]string{
		`CHECK (((v)::text = ANY ((ARRAY['a'::character varying, 'it''s, ok'::character varying])::text[])))`: `CHECK (((v)::text = ANY (ARRAY[('a'::character varying)::text, ('it''s, ok'::character varying)::text])))`,
		`CHECK ((v = ANY (ARRAY['a'::text, 'b'::text])))`:                                                     `CHECK ((v = ANY (ARRAY['a'::text, 'b'::text])))`,
		`DEFAULT (ARRAY[a, b])::text[]`:                                                                       `DEFAULT (ARRAY[a, b])::text[]`,
	} {
		if got := stable(first); got != later {
			t.Errorf("%s\n%s\nwant\n%s", first, got, later)
		}
		if got := stable(later); got != later {
			t.Errorf("%s changes again: %s", later, got)
		}
	}
}
