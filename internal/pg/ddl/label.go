package ddl

import (
	"slices"
	"strings"
)

// labels returns the statements that give a new type, domain or function the comment and the grants of the former one. By default,
// everyone can use a new one.
func labels(kind, name, comment string, grants []string) []string {
	everyone := "USAGE TO PUBLIC"
	if kind == "FUNCTION" || kind == "PROCEDURE" {
		everyone = "EXECUTE TO PUBLIC"
	}
	list := commentOn(kind+" "+name, comment)
	if !slices.Contains(grants, everyone) {
		list = append(list, "REVOKE ALL ON "+kind+" "+name+" FROM PUBLIC")
	}
	for _, g := range grants {
		if g != everyone {
			list = append(list, grant(g, kind+" "+name))
		}
	}
	return list
}

// grant writes a grant of a catalog: USAGE WITH GRANT OPTION TO reader.
func grant(g, object string) string {
	privilege, role, _ := strings.Cut(g, " TO ")
	privilege, withOption := strings.CutSuffix(privilege, " WITH GRANT OPTION")
	sql := "GRANT " + privilege + " ON " + object + " TO " + role
	if withOption {
		sql += " WITH GRANT OPTION"
	}
	return sql
}

func commentOn(object, comment string) []string {
	if comment == "" {
		return nil
	}
	return []string{"COMMENT ON " + object + " IS " + literal(comment)}
}
