package docker

import (
	"context"
	_ "embed"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/container"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
)

//go:embed replica.sh
var replicaScript string

// slotPrefix begins the names of the replication slots that are ours.
const slotPrefix = "krowoc_replica_"

// ReplicaUser is as whom ReplicaCommand runs.
const ReplicaUser = "postgres"

// ReplicaCommand returns the command of the official image that makes it a streaming read replica, by a backup of the server that
// ReplicaEnv names.
func ReplicaCommand() []string {
	return append([]string{"bash", "-c", replicaScript, "replica"}, Command()...)
}

// ReplicaEnv returns the environment of ReplicaCommand: whose replica it is, with which password, and the name of it.
func ReplicaEnv(host, password, name string) map[string]string {
	return map[string]string{
		"PGHOST": host, "PGUSER": "postgres", "PGPASSWORD": password, "PGDATA": "/tmp/replica", // where everybody may write
		"REPLICA_SLOT": slotPrefix + strings.ReplaceAll(strings.TrimPrefix(name, "postgres-replica-"), "-", "_"),
	}
}

// StartReplica starts a streaming read replica of a running server; o.Keep is the name of its container. It keeps nothing: it is a
// fresh copy each time.
func (s *Server) StartReplica(ctx context.Context, name string, o Options) (*Server, error) {
	const op = "start a replica of Postgres"
	host, err := s.container.Inside(ctx)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	r := &Server{password: s.password, exited: make(chan struct{})}
	r.container, err = container.Start(ctx, container.Options{
		Image: o.Image, Port: 5432, Name: o.Keep, Publish: o.Port, Purpose: o.Purpose, Logger: o.Logger, Guard: o.Guard, Probe: r.probe,
		Command: ReplicaCommand(), User: ReplicaUser, Env: ReplicaEnv(host, s.password, name),
	})
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	r.watch(ctx)
	return r, nil
}

// DropReplicaSlots drops the slots of replicas that do not run: the server would keep its log for them until the disk is full.
func (s *Server) DropReplicaSlots(ctx context.Context) error {
	const op = "drop the slots of replicas"
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return pg.Fault(op, err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is written through it
	_, err = conn.Exec(ctx, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name LIKE '"+
		strings.ReplaceAll(slotPrefix, "_", `\_`)+"%' AND NOT active")
	return pg.Fault(op, err)
}
