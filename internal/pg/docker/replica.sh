# Makes this container a streaming read replica of the server at PGHOST, then runs the arguments, which start Postgres.
set -e
until psql -qXAtc 'SELECT' postgres 2>/tmp/why; do
  [ $((n += 1)) -lt 600 ] || { cat /tmp/why >&2; exit 1; }
  sleep 0.1
done
psql -qXAt postgres <<SQL
COPY (SELECT 'host replication all all scram-sha-256')
  TO PROGRAM 'if grep -q "^host replication all all" pg_hba.conf; then cat >/dev/null; else cat >>pg_hba.conf; fi';
SELECT pg_reload_conf();
SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '$REPLICA_SLOT' AND NOT active;
SQL
rm -rf "$PGDATA"
pg_basebackup -D "$PGDATA" -R -X stream -c fast -C -S "$REPLICA_SLOT"
chmod 700 "$PGDATA"
exec "$@" -c listen_addresses='*'
