package ozgcloud_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/ozgcloud"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// kindEnv holds the auftrag of the process that receives.
const kindEnv = "FACHWERK_GROSS_KIND"

type auftrag struct {
	Ordner  string
	Groesse int64
	// Speicher keeps the files in memory: the control.
	Speicher bool
}

// bericht of the receiving process: its address first, the rest at its end.
type bericht struct {
	Adresse           string
	Grundlast, Spitze int64 // bytes of resident memory, before and at most
	Empfangen         int64 // bytes of the largest file of the Vorgang
}

const maxZuwachs = 64 << 20

// A large multipart body passes in bounded memory, measured as the resident memory of a
// process of its own. FACHWERK_GROSS=2147483648 is the long form.
func TestLargeAttachmentResidentMemory(t *testing.T) {
	size := testenv.Gross(256 << 20)
	if testing.Short() {
		size = 64 << 20
	}
	b, took := sendElsewhere(t, auftrag{Ordner: t.TempDir(), Groesse: size})
	t.Logf("%d MB: %.1f MB above %.1f MB, %s", size>>20, mb(b.Spitze-b.Grundlast), mb(b.Grundlast), took.Round(10*time.Millisecond))
	require.Equal(t, size, b.Empfangen)
	require.Less(t, b.Spitze-b.Grundlast, int64(maxZuwachs))
}

// The control: what holds the file is seen.
func TestLargeAttachmentResidentMemoryControl(t *testing.T) {
	b, _ := sendElsewhere(t, auftrag{Ordner: t.TempDir(), Groesse: 2 * maxZuwachs, Speicher: true})
	require.Greater(t, b.Spitze-b.Grundlast, int64(maxZuwachs))
}

func mb(n int64) float64 { return float64(n) / (1 << 20) }

func sendElsewhere(t *testing.T, a auftrag) (bericht, time.Duration) {
	t.Helper()
	if _, _, err := testenv.Speicher(); err != nil {
		testenv.LeaveOut(t, err.Error())
	}
	self, err := os.Executable()
	require.NoError(t, err)
	arg, err := json.Marshal(a)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestReceiveElsewhere$", "-test.timeout=30m")
	cmd.Env = append(os.Environ(), kindEnv+"="+string(arg))
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	stop, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var b bericht
	read := func() bool {
		raw, err := os.ReadFile(filepath.Join(a.Ordner, "bericht.json"))
		return err == nil && json.Unmarshal(raw, &b) == nil
	}
	if !eventually(read) {
		stop.Close()
		t.Fatal(cmd.Wait(), said.String())
	}
	c, err := ozgcloud.NewClient(b.Adresse+"/antrag", &ozgcloud.ClientOptions{Token: token})
	require.NoError(t, err)
	x := antrag("t-1")
	x.Attachments = []intake.Teil{{ID: uuid.New(), Name: "Plan.txt", MIME: "text/plain", Zweck: vorgang.ZweckAnlage,
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(&strom{rest: a.Groesse}), nil }}}
	start := time.Now()
	_, err = c.Send(t.Context(), x)
	took := time.Since(start)
	stop.Close()
	require.NoError(t, cmd.Wait(), said.String())
	require.NoError(t, err)
	require.True(t, read())
	return b, took
}

func eventually(f func() bool) bool {
	for range 1000 {
		if f() {
			return true
		}
		time.Sleep(20 * time.Millisecond)
	}
	return false
}

// TestReceiveElsewhere is that process; alone it does nothing.
func TestReceiveElsewhere(t *testing.T) {
	arg := os.Getenv(kindEnv)
	if arg == "" {
		return
	}
	var a auftrag
	require.NoError(t, json.Unmarshal([]byte(arg), &a))
	o := &blob.Options{Limit: 2 * a.Groesse}
	dir, err := blob.OpenDir(filepath.Join(a.Ordner, "blobs"), o)
	require.NoError(t, err)
	defer dir.Close()
	e := aufbau{blobs: dir, limits: intake.Limits{Datei: 2 * a.Groesse, Gesamt: 2 * a.Groesse},
		o: ozgcloud.Options{Limits: ozgcloud.Limits{Datei: 2 * a.Groesse, Gesamt: 2 * a.Groesse}}}
	if a.Speicher {
		e.blobs = blob.NewMemory(o)
	}
	s := newStelle(t, e)
	b := bericht{Adresse: s.srv.URL}
	say := func() {
		raw, err := json.Marshal(b)
		require.NoError(t, err)
		temp := filepath.Join(a.Ordner, "bericht.neu")
		require.NoError(t, os.WriteFile(temp, raw, 0o600))
		require.NoError(t, os.Rename(temp, filepath.Join(a.Ordner, "bericht.json")))
	}
	debug.FreeOSMemory()
	require.NoError(t, testenv.SpeicherNeu())
	b.Grundlast, _, err = testenv.Speicher()
	require.NoError(t, err)
	say()
	_, err = io.Copy(io.Discard, os.Stdin) // until the other one is done
	require.NoError(t, err)
	_, b.Spitze, err = testenv.Speicher()
	require.NoError(t, err)
	for _, v := range s.vorgaenge(hanau) {
		for _, f := range v.Dateien {
			b.Empfangen = max(b.Empfangen, f.Groesse)
		}
	}
	say()
}
