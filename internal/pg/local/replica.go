package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
)

// slotPrefix is the prefix of the names of our replication slots.
const slotPrefix = "krowoc_replica_"

// StartReplica starts a streaming read replica of a running server. It recreates the replica's data folder o.DataDir with an online backup
// (https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-LOWLEVEL-BASE-BACKUP), since not all distributions contain
// pg_basebackup. Until Stop, the server keeps the log that the replica has not read yet.
func (s *Server) StartReplica(ctx context.Context, o Options) (*Replica, error) {
	op := "start the replica " + filepath.Base(o.DataDir)
	o.portBefore, _ = os.ReadFile(filepath.Join(o.DataDir, portFile)) // keep the port for tools that have stored the URL
	if err := removeFolder(o.DataDir); err != nil {
		return nil, fault.Wrap(op, err)
	}
	slot := slotPrefix + strings.ReplaceAll(filepath.Base(o.DataDir), "-", "_")
	major, _, _ := strings.Cut(s.version, ".")
	o.Ephemeral, o.replicaOf, o.slot = false, s, slot
	var err error
	if o.Major, err = strconv.Atoi(major); err != nil {
		return nil, fault.Wrap(op, err)
	}
	server, err := Start(ctx, o)
	if err != nil {
		return nil, fault.Wrap(op, errors.Join(err, s.dropSlots(context.WithoutCancel(ctx), slot)))
	}
	return &Replica{server, s, slot}, nil
}

// Replica is a running read replica.
type Replica struct {
	*Server
	primary *Server
	slot    string
}

// Stop stops the replica and drops its slot, so that the server no longer keeps log for it.
func (r *Replica) Stop(ctx context.Context) error {
	return errors.Join(r.Server.Stop(ctx), r.primary.dropSlots(ctx, r.slot))
}

// DropReplicaSlots drops the slots of replicas that no longer exist, for example because krowoc was killed. Otherwise, the server would
// keep log for them until the disk is full.
func (s *Server) DropReplicaSlots(ctx context.Context) error { return s.dropSlots(ctx, slotPrefix+"%") }

func (s *Server) dropSlots(ctx context.Context, like string) error {
	return pg.Fault("drop the replica's slot", s.exec(ctx, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name LIKE "+
		pg.QuoteLiteral(strings.ReplaceAll(like, "_", `\_`))+" AND NOT active"))
}

// removeFolder removes a data folder. If its path is a link, it also removes the target.
func removeFolder(dir string) error {
	if real, err := filepath.EvalSymlinks(dir); err == nil && real != dir {
		if err := os.RemoveAll(real); err != nil {
			return err
		}
	}
	return os.RemoveAll(dir)
}

// fillFrom copies the data folder of a running server, and makes the copy a standby.
func (d *dataFolder) fillFrom(ctx context.Context, primary *Server, slot string, lastPort []byte) (err error) {
	conn, err := pgx.Connect(ctx, primary.URL("postgres"))
	if err != nil {
		return pg.Fault("back up the server", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	begin, end := "SELECT pg_backup_start($1, true)", "SELECT labelfile FROM pg_backup_stop(false)"
	if major := conn.PgConn().ParameterStatus("server_version"); strings.HasPrefix(major, "14") {
		begin, end = "SELECT pg_start_backup($1, true, false)", "SELECT labelfile FROM pg_stop_backup(false, false)"
	}
	if err := primary.dropSlots(ctx, slot); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "SELECT pg_create_physical_replication_slot($1, true)", slot); err != nil {
		return pg.Fault("create the replica's slot", err)
	}
	if _, err := conn.Exec(ctx, begin, slot); err != nil {
		return pg.Fault("start a backup", err)
	}
	return d.fillWith(func(fresh string) error {
		if err := copyRunning(ctx, primary.data.path, fresh, d.account); err != nil {
			return err
		}
		var label string
		if err := conn.QueryRow(ctx, end).Scan(&label); err != nil {
			return pg.Fault("end the backup", err)
		}
		return d.writeStandby(fresh, primary, slot, map[string]string{"backup_label": label, "standby.signal": "", portFile: string(lastPort)})
	})
}

// writeStandby writes the files that make a copy a standby.
func (d *dataFolder) writeStandby(fresh string, primary *Server, slot string, files map[string]string) error {
	u, err := url.Parse(primary.URL(""))
	if err != nil {
		return err
	}
	conninfo := fmt.Sprintf("host=127.0.0.1 port=%s user=postgres password=%s sslmode=disable application_name=%s", u.Port(), primary.password, slot)
	files["postgresql.auto.conf"] = fmt.Sprintf("primary_conninfo = '%s'\nprimary_slot_name = '%s'\n", conninfo, slot)
	for name, text := range files {
		path := filepath.Join(fresh, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
		if err := d.account.own(path); err != nil {
			return err
		}
	}
	return nil
}

// A backup does not need these files of a running server, nor the content of these folders.
var (
	ownFiles   = []string{pidFile, "postmaster.opts", portFile, "postgresql.auto.conf", "backup_label"}
	ownFolders = []string{"pg_wal", "pg_replslot", "pg_dynshmem", "pg_notify", "pg_serial", "pg_snapshots", "pg_stat_tmp", "pg_subtrans"}
)

// copyRunning copies the data folder of a running server. Files may disappear in the meantime; the log that the standby replays covers
// that.
func copyRunning(ctx context.Context, from, to string, owner *account) error {
	c := newCopier(from, to, owner)
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		rel, relErr := filepath.Rel(from, path)
		target := filepath.Join(to, rel)
		top, _, below := strings.Cut(filepath.ToSlash(rel), "/")
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil || relErr != nil || ctx.Err() != nil:
			return errors.Join(err, relErr, ctx.Err())
		case rel == ".":
			return owner.own(to)
		case below && slices.Contains(ownFolders, top):
			if entry.IsDir() {
				return filepath.SkipDir
			}
			return nil
		case entry.IsDir():
			if err := os.Mkdir(target, 0o700); err != nil {
				return err
			}
			return owner.own(target)
		case slices.Contains(ownFiles, rel) || !entry.Type().IsRegular():
			return nil
		}
		if err := c.copyFile(path, target); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
}
