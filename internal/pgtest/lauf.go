package pgtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is a cluster of a test's own, which it may stop and start: the shared one
// of [New] must stay up for the other tests.
type Server struct {
	t   testing.TB
	c   *cluster
	bin string
}

// Abschaltung is a way to stop a server.
type Abschaltung syscall.Signal

// The ways to stop: Fast ends all sessions, rolls back what is at work and writes a
// checkpoint; Immediate ends at once, and the next start recovers from the log;
// Kill is SIGKILL to the parent process, after which the others end by themselves.
const (
	Fast      = Abschaltung(syscall.SIGINT)
	Immediate = Abschaltung(syscall.SIGQUIT)
	Kill      = Abschaltung(syscall.SIGKILL)
)

// NewServer starts one that ends with the test. Settings are added to those of the
// shared cluster, such as "max_connections=10".
func NewServer(t testing.TB, settings ...string) *Server {
	t.Helper()
	bin := mustBinaries(t)
	c, err := launch(bin, settings...)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	s := &Server{t: t, c: c, bin: bin}
	t.Cleanup(c.remove)
	return s
}

// New gives an empty database of this server.
func (s *Server) New() Database { s.t.Helper(); return s.c.database(s.t, "template0") }

// Stop ends the server and waits until it has ended.
func (s *Server) Stop(how Abschaltung) {
	s.t.Helper()
	if err := s.c.stop(syscall.Signal(how), 30*time.Second); err != nil {
		s.t.Fatalf("pgtest: stop: %v", err)
	}
}

// Start starts the server again after Stop, and waits until it answers.
func (s *Server) Start() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		err := s.tryStart(ctx)
		if err == nil {
			return
		}
		// After Kill the children of the old server may hold its memory for a moment.
		select {
		case <-ctx.Done():
			s.t.Fatalf("pgtest: start: %v", err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (s *Server) tryStart(ctx context.Context) error {
	if err := s.c.serve(s.bin); err != nil {
		return err
	}
	conn, err := s.c.await(ctx)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// Standby makes the stopped server one that follows another, which there is none,
// and takes no writes; or a primary again. It holds from the next start.
func (s *Server) Standby(on bool) {
	s.t.Helper()
	name := filepath.Join(s.c.data(), "standby.signal")
	err := os.Remove(name)
	if on {
		err = os.WriteFile(name, nil, 0o644) // the server reads it only
	}
	if err != nil {
		s.t.Fatalf("pgtest: standby: %v", err)
	}
}

// AwaitNoSessions waits until the roles Owner, App and Relay have no session in the
// database of a superuser's connection string: what a client that died had sent may
// still be at work.
func AwaitNoSessions(ctx context.Context, superDSN string) error {
	conn, err := pgx.Connect(ctx, superDSN)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for {
		var n int
		err := conn.QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = ANY($1)",
			[]string{Owner, App, Relay}).Scan(&n)
		if err != nil || n == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d sessions are left: %w", n, ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}
