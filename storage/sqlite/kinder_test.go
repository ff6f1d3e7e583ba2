package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage"
)

// What a process can do to itself only, such as to lose its rights or to mount a
// disk, is done in a child: this binary again, with the name of a function in
// envChild. It gives what is found wrong as an error.
const envChild, envDir = "FACHWERK_SQLITE_KIND", "FACHWERK_SQLITE_ORDNER"

var children = map[string]func(ctx context.Context, dir string) error{
	"kein-recht":   childWithoutRight,
	"volle-platte": childOnFullDisk,
	"dateigrenze":  childWithFileLimit,
	"sperre":       childHoldsLock,
}

// runChild is called by TestMain.
func runChild() {
	f := children[os.Getenv(envChild)]
	if f == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := f(ctx, os.Getenv(envDir)); err != nil {
		fmt.Println("FEHLER:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func childCommand(t *testing.T, name, dir string, attr syscall.SysProcAttr) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, self, "-test.run=^$")
	cmd.Env = append(os.Environ(), envChild+"="+name, envDir+"="+dir)
	attr.Pdeathsig = syscall.SIGKILL
	cmd.SysProcAttr = &attr
	// Pdeathsig follows the thread that forks.
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
	return cmd
}

// callChild runs a child to its end; missing tells that the machine does not
// allow what attr asks for.
func callChild(t *testing.T, name, dir string, attr syscall.SysProcAttr) (missing bool) {
	t.Helper()
	out, err := childCommand(t, name, dir, attr).CombinedOutput()
	if errors.Is(err, syscall.EPERM) || strings.Contains(string(out), errNoMount.Error()) {
		return true
	}
	require.NoError(t, err, "%s", out)
	t.Logf("%s", out)
	return false
}

// holder is a child that keeps the lock to write until it is killed.
func holder(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	cmd := childCommand(t, "sperre", dir, syscall.SysProcAttr{})
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "gesperrt\n", line)
	return cmd
}

func childHoldsLock(ctx context.Context, dir string) error {
	s, err := openIn(ctx, dir)
	if err != nil {
		return err
	}
	return s.Update(ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
		if err := tx.PutKonfig(ctx, "sperre", "x", 0, []byte("nie gespeichert")); err != nil {
			return err
		}
		fmt.Println("gesperrt")
		<-ctx.Done()
		return ctx.Err()
	})
}
