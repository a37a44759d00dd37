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

// slotPrefix is the prefix of the names of our replication slots.
const slotPrefix = "krowoc_replica_"

// ReplicaUser is the user that runs ReplicaCommand.
const ReplicaUser = "postgres"

// ReplicaCommand returns the command that makes the official image a streaming read replica. It starts with a backup of the server in
// ReplicaEnv.
func ReplicaCommand() []string {
	return append([]string{"bash", "-c", replicaScript, "replica"}, Command()...)
}

// ReplicaEnv returns the environment of ReplicaCommand: host and password of the primary, and the name of the replica.
func ReplicaEnv(host, password, name string) map[string]string {
	return map[string]string{
		"PGHOST": host, "PGUSER": "postgres", "PGPASSWORD": password, "PGDATA": "/tmp/replica", // a folder that every user can write to
		"REPLICA_SLOT": slotPrefix + strings.ReplaceAll(strings.TrimPrefix(name, "postgres-replica-"), "-", "_"),
	}
}

// StartReplica starts a streaming read replica of a running server. o.Keep is the name of its container. The replica is a new copy each
// time, without a volume.
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

// DropReplicaSlots drops the slots of replicas that are not running. The server would keep log for them until the disk is full.
func (s *Server) DropReplicaSlots(ctx context.Context) error {
	const op = "drop the slots of replicas"
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return pg.Fault(op, err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // the statements have completed
	_, err = conn.Exec(ctx, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name LIKE '"+
		strings.ReplaceAll(slotPrefix, "_", `\_`)+"%' AND NOT active")
	return pg.Fault(op, err)
}
