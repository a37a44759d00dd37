package exec

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/pg"
)

// maxReports is how many mistakes Verify names.
const maxReports = 20

// Verify has Postgres prepare the SQL that the team has written in the schema, and returns every mistake with its place. An error that is not the
// team's, such as that of a lost connection, has another category than fault.Invalid.
func Verify(ctx context.Context, conn *pgx.Conn, api *graph.API) error {
	list, err := MistakesInSQL(ctx, conn, api)
	if err != nil || len(list) == 0 {
		return err
	}
	var reports []string
	for _, m := range list {
		reports = append(reports, m.Position.String()+": "+m.Message)
	}
	return fault.New(fault.Invalid, "check the SQL of the schema", strings.Join(reports, "\n"),
		"correct the SQL in the schema, or migrate the database first")
}

// MistakesInSQL returns what Postgres finds wrong with the SQL that the team has written in the schema: views, computed fields, and fields of Query
// and Mutation. Nothing runs.
func MistakesInSQL(ctx context.Context, conn *pgx.Conn, api *graph.API) (list diag.List, err error) {
	for _, p := range api.Probes() {
		problem, at, err := verify(ctx, conn, p)
		switch {
		case err != nil:
			return nil, pg.Fault("check the SQL of the schema", err)
		case problem == "":
			continue
		}
		list = append(list, diag.Diagnostic{
			Severity: diag.Error, Code: "invalid-sql", Message: p.What + ": " + problem, Position: p.Place(at),
		})
		if len(list) == maxReports {
			break
		}
	}
	return list, nil
}

// verify returns what is wrong with a statement, and where Postgres finds it; "" if Postgres accepts it.
func verify(ctx context.Context, conn *pgx.Conn, p graph.Probe) (problem string, at int, err error) {
	prepared, err := conn.Prepare(ctx, "", p.SQL)
	var server *pgconn.PgError
	switch {
	case errors.As(err, &server) && isMistake(server.Code):
		return server.Message, int(server.Position), nil
	case err != nil || p.Type == "":
		return "", 0, err
	}
	var name string
	var fits bool
	err = conn.QueryRow(ctx, typeFits, prepared.Fields[0].DataTypeOID, p.Type).Scan(&name, &fits)
	if err != nil || fits {
		return "", 0, err
	}
	return fmt.Sprintf("the SQL is of type %s, and the field of type %s: write (…)::%[2]s", name, p.Type), 0, nil
}

// typeFits tells whether a value is of a type, or becomes one without a cast.
const typeFits = `SELECT format_type($1::oid, NULL), $1::oid = $2::text::regtype::oid OR
	EXISTS (SELECT FROM pg_cast WHERE castsource = $1::oid AND casttarget = $2::text::regtype::oid AND castcontext = 'i')`

// isMistake reports whether an error is about the SQL itself: a syntax error or a name that does not exist, a value or a feature that it cannot have.
func isMistake(state string) bool {
	switch state[:2] {
	case "42", "22", "0A":
		return state != insufficientPrivilege
	}
	return false
}
