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
	module, _ := filepath.Glob("/usr/lib/*/c_icap/clamav_mod.so")
	if len(module) == 0 {
		testenv.LeaveOut(t, "the virus scanner of c-icap is not installed (Debian package libc-icap-mod-virus-scan)")
	}
	dir := t.TempDir()
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
virus_scan.DefaultEngine clamav
Module common clamav_mod.so
clamav_mod.TmpDir %[1]s
clamav_mod.DatabaseDirectory %[1]s/db
`, dir, address, filepath.Dir(module[0])))
	var log bytes.Buffer
	cmd := exec.CommandContext(t.Context(), bin, "-N", "-f", conf)
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { cmd.Process.Signal(os.Interrupt); cmd.Wait() })
	c, err := icap.New("icap://"+address+"/virus_scan", &icap.Options{MaxBytes: 5 << 20, Timeout: 10 * time.Second})
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	if !assertEventually(func() bool { return c.Ping(t.Context()) == nil }) {
		b, _ := os.ReadFile(filepath.Join(dir, "server.log"))
		t.Fatalf("c-icap does not start: %s %s %v", log.String(), b, c.Ping(t.Context()))
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
