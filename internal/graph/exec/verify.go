package exec

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/pg"
)

// maxReports is how many mistakes Verify names.
const maxReports = 20

// Verify has Postgres prepare the SQL that the team has written in the schema, and returns every mistake with its place. An error that is not the
// team's, such as that of a lost connection, has another category than fault.Invalid.
func Verify(ctx context.Context, conn *pgx.Conn, api *graph.API) error {
	var reports []string
	for _, p := range api.Probes() {
		problem, err := verify(ctx, conn, p)
		switch {
		case err != nil:
			return pg.Fault("check the SQL of the schema", err)
		case problem != "":
			reports = append(reports, problem)
		}
		if len(reports) == maxReports {
			break
		}
	}
	if len(reports) == 0 {
		return nil
	}
	return fault.New(fault.Invalid, "check the SQL of the schema", strings.Join(reports, "\n"),
		"correct the SQL in the schema, or migrate the database first")
}

// verify returns what is wrong with a statement; "" if Postgres accepts it.
func verify(ctx context.Context, conn *pgx.Conn, p graph.Probe) (problem string, err error) {
	prepared, err := conn.Prepare(ctx, "", p.SQL)
	var server *pgconn.PgError
	switch {
	case errors.As(err, &server) && isMistake(server.Code):
		return p.At(int(server.Position)) + ": " + p.What + ": " + server.Message, nil
	case err != nil || p.Type == "":
		return "", err
	}
	var name string
	var fits bool
	err = conn.QueryRow(ctx, typeFits, prepared.Fields[0].DataTypeOID, p.Type).Scan(&name, &fits)
	if err != nil || fits {
		return "", err
	}
	return fmt.Sprintf("%s: %s: the SQL is of type %s, and the field of type %s: write (…)::%[4]s", p.At(0), p.What, name, p.Type), nil
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
