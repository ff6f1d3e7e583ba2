package pgtest

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
)

// pooler begins the configuration of PgBouncer.
const pooler = `[databases]
* = host=%[1]s
[pgbouncer]
listen_addr =
unix_socket_dir = %[2]s
listen_port = %[3]d
auth_type = trust
auth_file = %[2]s/users
pool_mode = transaction
default_pool_size = %[4]d
max_client_conn = 200
`

const poolerPort = 6432

// Pooler starts a PgBouncer of this test alone, in transaction pooling with so
// many server connections for each role, and gives the database as one reaches it
// through that; OwnerDSN and SuperDSN stay direct. Without the program the test is
// left out.
func Pooler(t testing.TB, db Database, connections int) Database {
	t.Helper()
	path, err := exec.LookPath("pgbouncer")
	if err != nil {
		if path, err = exec.LookPath("/usr/sbin/pgbouncer"); err != nil {
			testenv.LeaveOut(t, "pgbouncer is not installed (Debian package pgbouncer)")
		}
	}
	cred, err := credential() // it refuses root, too
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	dir, err := os.MkdirTemp("", "pgbouncer")
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	mu.Lock()
	server := running.dir
	mu.Unlock()
	ini := filepath.Join(dir, "ini")
	for name, text := range map[string]string{
		ini:                         fmt.Sprintf(pooler, server, dir, poolerPort, connections),
		filepath.Join(dir, "users"): fmt.Sprintf("%q \"\"\n%q \"\"\n", App, Relay),
	} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatalf("pgtest: %v", err)
		}
	}
	if cred != nil {
		if err := os.Chown(dir, int(cred.Uid), int(cred.Gid)); err != nil {
			t.Fatalf("pgtest: %v", err)
		}
	}
	var log bytes.Buffer
	cmd := exec.Command(path, ini)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &log, &log
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred, Pdeathsig: syscall.SIGKILL}
	started, exited := make(chan error, 1), make(chan struct{})
	go func() {
		runtime.LockOSThread() // Pdeathsig follows the thread that forked
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
			close(exited)
		}
	}()
	if err := <-started; err != nil {
		t.Fatalf("pgtest: pgbouncer: %v", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-exited
	})
	through := db
	through.AppDSN, through.RelayDSN = poolerDSN(dir, App, db.Name), poolerDSN(dir, Relay, db.Name)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for {
		c, err := pgx.Connect(ctx, through.AppDSN)
		if err == nil {
			_ = c.Close(ctx)
			return through
		}
		select {
		case <-exited:
			t.Fatalf("pgtest: pgbouncer ended: %s", log.String())
		case <-ctx.Done():
			t.Fatalf("pgtest: pgbouncer does not answer: %v", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func poolerDSN(dir, role, database string) string {
	q := url.Values{"host": {dir}, "port": {strconv.Itoa(poolerPort)}, "sslmode": {"disable"}}
	return (&url.URL{Scheme: "postgres", User: url.User(role), Path: "/" + database, RawQuery: q.Encode()}).String()
}
