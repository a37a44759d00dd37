package health

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/pg"
)

// Thresholds of warnings.
const (
	warnSaturation = 0.9       // of the pool's connections are in use
	warnSeconds    = 30        // a standby is behind its primary
	warnBytes      = 256 << 20 // a standby has yet to replay
)

// Postgres checks that the database responds, and measures its response time, the use of the pool, and the replication lag: on a standby
// its own lag, on a primary that of every standby. It asks through probes, which may be a pool of its own, since a healthy database would
// otherwise seem down while the pool is full.
func Postgres(pool, probes *pgxpool.Pool) Check {
	return Check{
		Name: "postgres", Critical: true,
		Run: func(ctx context.Context) []Measurement { return postgres(ctx, pool, probes) },
	}
}

func postgres(ctx context.Context, pool, probes *pgxpool.Pool) []Measurement {
	use := saturation(pool.Stat())
	began := time.Now()
	lags, err := probe(ctx, probes)
	response := Measurement{
		Name: "responseTime", ComponentType: "datastore", Status: Pass,
		ObservedValue: milliseconds(time.Since(began)), ObservedUnit: "ms",
	}
	if err != nil {
		response.Status, response.Output = Fail, pg.Fault("", err).Error()
	}
	return append([]Measurement{response, use}, lags...)
}

// saturation measures the use of the pool.
func saturation(stat *pgxpool.Stat) Measurement {
	used, most := stat.AcquiredConns(), stat.MaxConns()
	m := Measurement{
		Name: "connections", ComponentType: "datastore", Status: Pass,
		ObservedValue: used, ObservedUnit: fmt.Sprintf("of %d", most),
	}
	if float64(used) >= warnSaturation*float64(most) {
		m.Status, m.Public = Warn, true
		m.Output = fmt.Sprintf("%d of %d connections in the pool are in use", used, most)
	}
	return m
}

// probe queries the database.
func probe(ctx context.Context, probes *pgxpool.Pool) ([]Measurement, error) {
	conn, err := probes.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	return replication(ctx, conn.Conn())
}

// replicationSQL returns a row per visible replica. If this server is a standby, one row is its own lag in seconds, which is 0 if it has
// replayed everything that it received and still receives data. For every standby that streams from this server, a row is the number of
// bytes to replay. replay_lag would not grow if the replay is stuck. A role without pg_monitor does not see these rows.
const replicationSQL = `
SELECT 'self', 's', CASE
    WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()
     AND EXISTS (SELECT FROM pg_stat_wal_receiver WHERE pid IS NOT NULL) THEN 0
    ELSE extract(epoch FROM clock_timestamp() - coalesce(pg_last_xact_replay_timestamp(), pg_postmaster_start_time()))
  END::float8
  WHERE pg_is_in_recovery()
UNION ALL
SELECT coalesce(nullif(application_name, ''), host(client_addr), 'standby'), 'bytes',
       pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END,
                       replay_lsn)::float8
  FROM pg_stat_replication WHERE state = 'streaming' AND replay_lsn IS NOT NULL`

func replication(ctx context.Context, conn *pgx.Conn) ([]Measurement, error) {
	rows, err := conn.Query(ctx, replicationSQL)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Measurement, error) {
		var node, unit string
		var lag float64
		err := row.Scan(&node, &unit, &lag)
		m := Measurement{
			Name: "replicationLag", ComponentID: node, ComponentType: "datastore", Status: Pass,
			ObservedValue: lag, ObservedUnit: unit,
		}
		if (unit == "s" && lag > warnSeconds) || (unit == "bytes" && lag > warnBytes) {
			m.Status, m.Output = Warn, fmt.Sprintf("%s is %.0f %s behind", node, lag, unit)
		}
		return m, err
	})
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
