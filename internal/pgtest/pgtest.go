// Package pgtest starts a private PostgreSQL cluster for tests: one per test
// process, in a temporary directory, reachable through a unix socket only. It
// needs nothing but the server's binaries; without them the test is left out.
//
// Use it with: func TestMain(m *testing.M) { testenv.Main(m, pgtest.Stop) }.
package pgtest

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
)

// The roles every database knows. None of them can pass row-level security.
const (
	Owner = "fachwerk_owner"
	App   = "fachwerk_app"
	Relay = "fachwerk_relay"
)

// super is the bootstrap superuser.
const super = "postgres"

// Database is an empty database of its own, owned by [Owner].
type Database struct {
	Name string
	// Connection strings for the three roles and for the superuser.
	OwnerDSN, AppDSN, RelayDSN, SuperDSN string
}

type cluster struct {
	dir      string
	settings []string
	cred     *syscall.Credential
	proc     *os.Process   // nil before the first start
	exited   chan struct{} // closed when proc has ended
	log      bytes.Buffer  // read only when proc has ended
	serial   atomic.Int64
}

var (
	mu      sync.Mutex
	running *cluster // GUARDED_BY(mu)
	failed  error    // GUARDED_BY(mu)
)

// New gives an empty database. It starts the cluster when it is the first.
func New(t testing.TB) Database { return FromTemplate(t, "template0") }

// FromTemplate gives a database that begins as a copy of another one, to which
// nobody may be connected.
func FromTemplate(t testing.TB, template string) Database {
	t.Helper()
	return start(t).database(t, template)
}

func (c *cluster) database(t testing.TB, template string) Database {
	t.Helper()
	name := fmt.Sprintf("fw_%d", c.serial.Add(1))
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, c.dsn(super, "postgres"))
	if err != nil {
		t.Fatalf("pgtest: connect: %v", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+name+" OWNER "+Owner+" TEMPLATE "+pgx.Identifier{template}.Sanitize()); err != nil {
		t.Fatalf("pgtest: create database: %v", err)
	}
	return Database{
		Name: name, OwnerDSN: c.dsn(Owner, name), AppDSN: c.dsn(App, name),
		RelayDSN: c.dsn(Relay, name), SuperDSN: c.dsn(super, name),
	}
}

// Stop ends the cluster and removes its files. Without a cluster it does nothing.
func Stop() {
	mu.Lock()
	defer mu.Unlock()
	if running == nil {
		return
	}
	running.remove()
	running = nil
}

// remove ends the server, if it runs, and removes its files.
func (c *cluster) remove() {
	if c.proc != nil {
		// SIGQUIT is the immediate shutdown: nobody needs these data again.
		if c.stop(syscall.SIGQUIT, 10*time.Second) != nil {
			_ = c.proc.Kill()
			<-c.exited
		}
	}
	os.RemoveAll(c.dir)
}

func (c *cluster) stop(how syscall.Signal, within time.Duration) error {
	_ = c.proc.Signal(how) // it may have ended
	select {
	case <-c.exited:
		return nil
	case <-time.After(within):
		return fmt.Errorf("postgres did not end within %s", within)
	}
}

func start(t testing.TB) *cluster {
	t.Helper()
	bin := mustBinaries(t)
	mu.Lock()
	defer mu.Unlock()
	if running == nil && failed == nil {
		running, failed = launch(bin, schnell()...)
	}
	if failed != nil {
		t.Fatalf("pgtest: %v", failed)
	}
	return running
}

// schnell are settings of the shared cluster that save the wait for the disk. Its
// data need not outlive the machine, only processes; where durability is measured,
// in benchmarks, it stays.
func schnell() []string {
	if f := flag.Lookup("test.bench"); f != nil && f.Value.String() != "" {
		return nil
	}
	return []string{"fsync=off", "full_page_writes=off"}
}

func mustBinaries(t testing.TB) string {
	t.Helper()
	bin, err := binaries()
	if err != nil {
		testenv.LeaveOut(t, err.Error())
	}
	return bin
}

// binaries finds the directory of initdb and postgres.
func binaries() (string, error) {
	if p, err := exec.LookPath("initdb"); err == nil {
		if p, err = filepath.EvalSymlinks(p); err == nil {
			return filepath.Dir(p), nil
		}
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return "", errors.New("PostgreSQL is not installed (Debian package postgresql)")
	}
	slices.SortFunc(found, func(a, b string) int { return major(a) - major(b) })
	return filepath.Dir(found[len(found)-1]), nil
}

func major(initdb string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(initdb))))
	return n
}

// credential is the account the server runs as: PostgreSQL refuses root.
func credential() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("running as root, and there is no account postgres: %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

func launch(bin string, settings ...string) (*cluster, error) {
	cred, err := credential()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pgtest")
	if err != nil {
		return nil, err
	}
	c := &cluster{dir: dir, cred: cred, settings: settings}
	if err := c.first(bin); err != nil {
		c.remove()
		return nil, err
	}
	return c, nil
}

// first makes the cluster, starts it and makes the roles.
func (c *cluster) first(bin string) error {
	if c.cred != nil {
		if err := os.Chown(c.dir, int(c.cred.Uid), int(c.cred.Gid)); err != nil {
			return err
		}
	}
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", c.data(), "-U", super, "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	initdb.Dir = c.dir
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: c.cred}
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	if err := c.serve(bin); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := c.await(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, role := range []string{Owner, App, Relay} {
		if _, err := conn.Exec(ctx, "CREATE ROLE "+role+" LOGIN NOSUPERUSER NOBYPASSRLS"); err != nil {
			return err
		}
	}
	return nil
}

func (c *cluster) data() string { return filepath.Join(c.dir, "data") }

// serve starts the server process.
func (c *cluster) serve(bin string) error {
	args := []string{"-D", c.data(), "-k", c.dir, "-h", ""}
	for _, s := range append([]string{"max_connections=120", "shared_buffers=64MB"}, c.settings...) {
		args = append(args, "-c", s)
	}
	c.log.Reset()
	cmd := exec.Command(filepath.Join(bin, "postgres"), args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.dir, &c.log, &c.log
	// The kernel stops the server when the test process dies.
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.cred, Pdeathsig: syscall.SIGQUIT}
	// The output goes through a pipe to which a child that outlives its parent
	// holds on.
	cmd.WaitDelay = 5 * time.Second
	started, exited := make(chan error, 1), make(chan struct{})
	go func() {
		// Pdeathsig follows the thread that forked, so this one must stay.
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
			close(exited)
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	c.proc, c.exited = cmd.Process, exited
	return nil
}

// await waits until the server answers the superuser.
func (c *cluster) await(ctx context.Context) (*pgx.Conn, error) {
	for {
		conn, err := pgx.Connect(ctx, c.dsn(super, "postgres"))
		if err == nil {
			return conn, nil
		}
		select {
		case <-c.exited:
			return nil, fmt.Errorf("postgres ended: %s", c.log.String())
		case <-ctx.Done():
			return nil, fmt.Errorf("postgres does not answer: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (c *cluster) dsn(role, database string) string {
	q := url.Values{"host": {c.dir}, "sslmode": {"disable"}}
	return (&url.URL{Scheme: "postgres", User: url.User(role), Path: "/" + database, RawQuery: q.Encode()}).String()
}
