// Package absturz kills a process at work on a store, again and again, and checks
// that nothing it acknowledged is lost, nothing happened twice, journals verify
// and leases come back.
//
// A test binary starts itself as the child: its TestMain calls [Child] first.
// [Last] is the same work within a process, for faults that do not end it, and
// [Clock] are the cases about a clock that jumps back.
//
// It kills a process, not the machine: what the kernel has not written yet survives
// SIGKILL. That a commit reaches the disk is the business of the database's settings.
package absturz

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

const (
	kiel tenant.ID = "kiel"
	// envTarget tells the child what to open, envRound makes its keys unique, and
	// envOpen are the keys of deliveries whose outcome nobody knows.
	envTarget, envRound, envOpen = "FACHWERK_ABSTURZ_ZIEL", "FACHWERK_ABSTURZ_RUNDE", "FACHWERK_ABSTURZ_OFFEN"
	// EnvRounds asks for another number of rounds than the short form's.
	EnvRounds = "FACHWERK_ABSTURZ_RUNDEN"
	workers   = 4
	lease     = 2 * time.Second
	// ready is what the child says when the store is open.
	ready = "bereit"
)

// Params of a run.
type Params struct {
	// Rounds of the short form; [EnvRounds] asks for another number.
	Rounds int
	// Window is the longest life of a child after it opened the store; default 80 ms.
	// It grows on a machine where that is too short for an acknowledged edit.
	Window time.Duration
	// Target is handed to the child's open function.
	Target string
	// Open opens the same data here.
	Open func(ctx context.Context) (*storage.Store, error)
	// Settle, if set, waits until a server has noticed the end of the child: a
	// COMMIT it had received may still be at work.
	Settle func(ctx context.Context) error
}

// Run starts and kills children; the first thing lost or twice fails the test.
func Run(t *testing.T, p Params) {
	t.Helper()
	if n, err := strconv.Atoi(os.Getenv(EnvRounds)); err == nil && n > 0 {
		p.Rounds = n
	}
	r, err := run(t.Context(), p, max(6, p.Rounds/8))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d rounds, %s: nothing lost, nothing twice", p.Rounds, r)
	if len(r.keys) == 0 || len(r.notes) == 0 {
		t.Fatal("no child acknowledged anything: the test shows nothing")
	}
}

// RunLiar does the same with a target that is known to lose what it acknowledged
// ([EarlyAck]), and fails the test if nobody notices.
func RunLiar(t *testing.T, p Params) {
	t.Helper()
	_, err := run(t.Context(), p, 1)
	if f, ok := errors.AsType[*Fund](err); ok {
		t.Logf("found as it must be: %v", f)
		return
	}
	t.Fatalf("a store that acknowledges before it commits was not found in %d rounds: %v", p.Rounds, err)
}

// run kills p.Rounds children and checks after every so many, and at the end.
func run(ctx context.Context, p Params, every int) (*record, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	// The kernel ends the child with the thread that started it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if p.Window <= 0 {
		p.Window = 80 * time.Millisecond
	}
	least := p.Window
	r := newRecord()
	for n := range p.Rounds {
		before := len(r.notes)
		if err := r.round(ctx, self, p, n); err != nil {
			return r, fmt.Errorf("round %d: %w", n, err)
		}
		if len(r.notes) == before {
			p.Window = min(p.Window*3/2, 3*time.Second)
		} else if p.Window > least {
			p.Window = p.Window * 3 / 4
		}
		if n%every != every-1 && n != p.Rounds-1 {
			continue
		}
		if err := r.reopen(ctx, p); err != nil {
			return r, fmt.Errorf("after round %d: %w", n, err)
		}
	}
	return r, nil
}

// round runs one child until it is killed.
func (r *record) round(ctx context.Context, self string, p Params, n int) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, "-test.run=^$")
	cmd.Env = append(os.Environ(), envTarget+"="+p.Target, envRound+"="+strconv.Itoa(n), envOpen+"="+strings.Join(r.openKeys(), " "))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	lines := bufio.NewReader(out)
	kill := func(d time.Duration) *time.Timer {
		return time.AfterFunc(d, func() { _ = cmd.Process.Kill() })
	}
	var timer *time.Timer
	var readErr error
	if n%4 == 3 { // at any moment, also while it opens the store
		timer = kill(rand.N(p.Window + 40*time.Millisecond))
	} else {
		var line string
		if line, readErr = lines.ReadString('\n'); readErr == nil && line == ready+"\n" {
			timer = kill(rand.N(p.Window))
		} else {
			readErr = fmt.Errorf("the child did not begin: %q, %w", line, readErr)
			timer = kill(0)
		}
	}
	if readErr == nil {
		readErr = r.read(lines)
	}
	_ = cmd.Process.Kill() // it may have closed its output only
	err = cmd.Wait()
	timer.Stop()
	if readErr != nil {
		return readErr
	}
	if ws, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !ws.Signaled() || ws.Signal() != syscall.SIGKILL {
		return fmt.Errorf("the child ended by itself: %w", err)
	}
	return ctx.Err()
}

// read takes down what a child says. The last line may be cut off.
func (r *record) read(lines *bufio.Reader) error {
	for {
		line, err := lines.ReadString('\n')
		if errors.Is(err, io.EOF) || errors.Is(err, os.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := r.hear(strings.TrimSuffix(line, "\n")); err != nil {
			return err
		}
	}
}

// reopen opens the store as after a crash and checks it.
func (r *record) reopen(ctx context.Context, p Params) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	if p.Settle != nil {
		if err := p.Settle(ctx); err != nil {
			return err
		}
	}
	s, err := p.Open(ctx)
	if err != nil {
		return fmt.Errorf("reopen: %w", err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return r.check(ctx, s)
}
