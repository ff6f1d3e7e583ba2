package icap_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake/icap"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
)

// eicar is the test file every scanner knows (eicar.org); in two parts, so that none
// takes this source for malware.
const eicar = `X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-` + `STANDARD-ANTIVIRUS-TEST-FILE!$H+H*`

// A real ICAP server with ClamAV and one signature of its own, without the network.
func TestScanAgainstCICAP(t *testing.T) {
	bin := testenv.Tool(t, "c-icap", "c-icap")
	module, _ := filepath.Glob("/usr/lib/*/c_icap/clamd_mod.so")
	if len(module) == 0 {
		testenv.LeaveOut(t, "the virus scanner of c-icap is not installed (Debian package libc-icap-mod-virus-scan)")
	}
	clamd := "/usr/sbin/clamd" // Debian has it there, outside the path of users
	if _, err := os.Stat(clamd); err != nil {
		clamd = testenv.Tool(t, "clamd", "clamav-daemon")
	}
	dir, err := os.MkdirTemp("", "icap") // short: the path of a socket is at most 107 bytes
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	write := func(name, s string) string {
		p := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(p, []byte(s), 0o644))
		return p
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "db"), 0o755))
	write("db/test.hdb", "44d88612fea8a8f36de82e1278abb02f:68:Eicar-Test-Signature\n")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	l.Close()
	conf := write("c-icap.conf", fmt.Sprintf(`PidFile %[1]s/pid
CommandsSocket %[1]s/ctl
StartServers 1
MaxServers 1
ThreadsPerChild 4
Port %[2]s
TmpDir %[1]s
ModulesDir %[3]s
ServicesDir %[3]s
TemplateDir /usr/share/c_icap/templates/
LoadMagicFile /etc/c-icap/c-icap.magic
ServerLog %[1]s/server.log
AccessLog %[1]s/access.log
acl all src 0.0.0.0/0.0.0.0
icap_access allow all
Service virus_scan virus_scan.so
virus_scan.ScanFileTypes TEXT DATA EXECUTABLE ARCHIVE GIF JPEG MSOFFICE
virus_scan.MaxObjectSize 5M
virus_scan.DefaultEngine clamd
Module common clamd_mod.so
clamd_mod.ClamdSocket %[1]s/s
`, dir, address, filepath.Dir(module[0])))
	var log [2]bytes.Buffer
	for i, args := range [][]string{
		{clamd, "--config-file=" + write("clamd.conf", "Foreground yes\nLocalSocket "+dir+"/s\nDatabaseDirectory "+dir+"/db\nMaxThreads 2\n")},
		{bin, "-N", "-f", conf},
	} {
		cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
		cmd.Stdout, cmd.Stderr = &log[i], &log[i]
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		cmd.WaitDelay = 5 * time.Second
		require.NoError(t, cmd.Start())
		t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
		if i == 0 {
			require.True(t, assertEventually(func() bool { _, err := os.Stat(filepath.Join(dir, "s")); return err == nil }), "clamd starts")
		}
	}
	c, err := icap.New("icap://"+address+"/virus_scan", &icap.Options{MaxBytes: 5 << 20, Timeout: 10 * time.Second})
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	if !assertEventually(func() bool { return c.Ping(t.Context()) == nil }) {
		b, _ := os.ReadFile(filepath.Join(dir, "server.log"))
		t.Fatalf("c-icap does not start: %s %s %v", log[1].String(), b, c.Ping(t.Context()))
	}
	for range 3 { // the connection is used again after a finding
		fund, err := c.Scan(t.Context(), strings.NewReader("harmlos"))
		require.NoError(t, err)
		require.Empty(t, fund)
		fund, err = c.Scan(t.Context(), strings.NewReader(eicar))
		require.NoError(t, err)
		require.Contains(t, fund, "Eicar-Test-Signature")
		fund, err = c.Scan(t.Context(), bytes.NewReader(bytes.Repeat([]byte("lang "), 600_000)))
		require.NoError(t, err)
		require.Empty(t, fund)
	}
}

func assertEventually(f func() bool) bool {
	for range 300 {
		if f() {
			return true
		}
		time.Sleep(50 * time.Millisecond)
	}
	return false
}
