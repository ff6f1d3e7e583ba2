// Package s3test starts an S3 server for tests: versitygw over a temporary
// directory, on loopback. The program is built on demand from the module in
// internal/tools/s3, which keeps its dependencies out of the library's, and kept
// in the user's cache; where it cannot be built the test is left out.
//
// Use it with: func TestMain(m *testing.M) { testenv.Main(m, s3test.Stop) }.
package s3test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
)

// Region and keys of every server.
const (
	Region    = "us-east-1"
	AccessKey = "fachwerk"
	SecretKey = "nur-fuer-tests"
)

// Server is a running server.
type Server struct {
	Addr string // host:port
	dir  string

	serial atomic.Int64
	proc   *os.Process
	exited chan struct{}
}

var (
	mu      sync.Mutex
	running *Server // GUARDED_BY(mu)
)

// Shared is the server of this test process; [Stop] ends it.
func Shared(t testing.TB) *Server {
	t.Helper()
	bin := program(t)
	mu.Lock()
	defer mu.Unlock()
	if running == nil {
		s, err := launch(bin)
		if err != nil {
			t.Fatalf("s3test: %v", err)
		}
		running = s
	}
	return running
}

// Start gives a server of the test's own, which may be killed.
func Start(t testing.TB) *Server {
	t.Helper()
	s, err := launch(program(t))
	if err != nil {
		t.Fatalf("s3test: %v", err)
	}
	t.Cleanup(s.Kill)
	return s
}

// Stop ends the shared server and removes its files. Without one it does nothing.
func Stop() {
	mu.Lock()
	defer mu.Unlock()
	if running != nil {
		running.Kill()
		running = nil
	}
}

// Kill ends the server at once and removes its files.
func (s *Server) Kill() {
	_ = s.proc.Kill()
	<-s.exited
	os.RemoveAll(s.dir)
}

// Client speaks to the server.
func (s *Server) Client(t testing.TB) *minio.Core {
	t.Helper()
	c, err := minio.NewCore(s.Addr, &minio.Options{Creds: credentials.NewStaticV4(AccessKey, SecretKey, ""), Region: Region})
	if err != nil {
		t.Fatalf("s3test: %v", err)
	}
	return c
}

// Bucket makes an empty bucket.
func (s *Server) Bucket(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("bucket-%d", s.serial.Add(1))
	if err := s.Client(t).MakeBucket(context.Background(), name, minio.MakeBucketOptions{Region: Region}); err != nil {
		t.Fatalf("s3test: make bucket: %v", err)
	}
	return name
}

// File is the path under which the server keeps an object.
func (s *Server) File(bucket, key string) string {
	return filepath.Join(s.dir, "data", bucket, filepath.FromSlash(key))
}

// program gives the path of versitygw, built if it is not in the cache.
var program = func() func(testing.TB) string {
	build := sync.OnceValues(build)
	return func(t testing.TB) string {
		t.Helper()
		path, err := build()
		if err != nil {
			testenv.LeaveOut(t, "versitygw cannot be built: "+err.Error())
		}
		return path
	}
}()

func build() (string, error) {
	_, file, _, _ := runtime.Caller(0)
	module := filepath.Join(filepath.Dir(filepath.Dir(file)), "tools", "s3")
	h := sha256.New()
	for _, name := range []string{"go.mod", "go.sum"} {
		b, err := os.ReadFile(filepath.Join(module, name))
		if err != nil {
			return "", err
		}
		h.Write(b)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	dir := filepath.Join(cache, "fachwerk")
	path := filepath.Join(dir, fmt.Sprintf("versitygw-%x", h.Sum(nil)[:8]))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	temp, err := os.MkdirTemp(dir, "build")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(temp)
	built := filepath.Join(temp, "versitygw")
	cmd := exec.Command("go", "build", "-C", module, "-buildvcs=false", "-trimpath", "-o", built, "github.com/versity/versitygw/cmd/versitygw")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, bytes.TrimSpace(out[max(0, len(out)-500):]))
	}
	return path, os.Rename(built, path)
}

func launch(bin string) (*Server, error) {
	var last error
	for range 3 { // another process may take the port between the look and the start
		s, err := try(bin)
		if err == nil {
			return s, nil
		}
		last = err
	}
	return nil, last
}

func try(bin string) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	l.Close()
	dir, err := os.MkdirTemp("", "s3test")
	if err != nil {
		return nil, err
	}
	s := &Server{Addr: addr, dir: dir, exited: make(chan struct{})}
	for _, name := range []string{"data", "meta"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			os.RemoveAll(dir)
			return nil, err
		}
	}
	var log bytes.Buffer
	// The sidecar keeps what other servers keep in extended attributes, which not
	// every temporary directory has.
	cmd := exec.Command(bin, "--port", addr, "--region", Region, "--quiet", "--keep-alive",
		"posix", "--sidecar", filepath.Join(dir, "meta"), filepath.Join(dir, "data"))
	cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+AccessKey, "ROOT_SECRET_KEY="+SecretKey)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &log, &log
	// The kernel stops the server when the test process dies.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error, 1)
	go func() {
		// Pdeathsig follows the thread that forked, so this one must stay.
		runtime.LockOSThread()
		err := cmd.Start()
		s.proc = cmd.Process
		started <- err
		if err == nil {
			_ = cmd.Wait()
			close(s.exited)
		}
	}()
	if err := <-started; err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	for end := time.Now().Add(20 * time.Second); ; {
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			return s, conn.Close()
		}
		select {
		case <-s.exited:
			os.RemoveAll(dir)
			return nil, fmt.Errorf("versitygw ended: %s", log.String())
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(end) {
			s.Kill()
			return nil, fmt.Errorf("versitygw does not answer: %w", err)
		}
	}
}
