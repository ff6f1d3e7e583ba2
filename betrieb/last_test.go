package betrieb_test

import (
	"bufio"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/ozgcloud"
	"github.com/ozg-fachwerk/fachwerk/internal/pgtest"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/postgres"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// The long form: FACHWERK_LAST_SEKUNDEN=60 FACHWERK_LAST_RATE=100.
const (
	envSekunden, envRate = "FACHWERK_LAST_SEKUNDEN", "FACHWERK_LAST_RATE"
	// fitAnteil of ten submissions come over FIT-Connect, the others over the OZG-Cloud's interface.
	fitAnteil = 3
)

func fromEnv(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil && n > 0 {
		return n
	}
	return otherwise
}

// TestLast sends at a steady rate over two channels to a server that is killed twice,
// and then counts: every submission is a Vorgang, none is two, and everybody was told.
func TestLast(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { runLast(t, serverParams{SQLite: filepath.Join(t.TempDir(), "last.sqlite")}) })
	t.Run("postgres", func(t *testing.T) {
		db := pgtest.New(t)
		require.NoError(t, postgres.Migrate(t.Context(), db.OwnerDSN, nil))
		runLast(t, serverParams{Postgres: db.AppDSN, Relay: db.RelayDSN})
	})
}

// last is one run.
type last struct {
	t      *testing.T
	dienst *fitconnecttest.Zustelldienst
	stelle *fitconnecttest.Zustellpunkt
	p      serverParams
	server *exec.Cmd
	log    buffer

	mu          sync.Mutex
	nummern     map[string]string // GUARDED_BY(mu); transactionId -> number the sender was told
	gesendet    map[string]string // GUARDED_BY(mu); submissionId -> caseId
	dauer       []time.Duration   // GUARDED_BY(mu); of OZG-Cloud submissions, from the first try to the answer
	nachgefragt int               // GUARDED_BY(mu); sent once more with the same transactionId after the answer
}

func runLast(t *testing.T, p serverParams) {
	sekunden, rate := fromEnv(envSekunden, 5), fromEnv(envRate, 30)
	l := &last{t: t, dienst: fitconnecttest.New(t, nil), p: p, nummern: map[string]string{}, gesendet: map[string]string{}}
	var err error
	l.stelle, err = l.dienst.AddDestination(fitconnecttest.DestinationParams{
		Services: []fitconnect.DestinationService{fitconnecttest.Service(leistung, schema, "application/json")}})
	require.NoError(t, err)
	l.p.Dateien = t.TempDir()
	l.p.Endpoints, l.p.Credentials, l.p.Destination = l.dienst.Endpoints(), l.stelle.Credentials, l.stelle.ID
	l.p.Listen = freeAddress(t)
	l.p.LebtBis = time.Now().Add(time.Duration(sekunden)*time.Second + 10*time.Minute)
	// The kernel ends the child with the thread that started it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	l.start()
	defer func() { l.kill() }()

	begin := time.Now()
	total := sekunden * rate
	kills, sent := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { // the senders do not wait for the server
		defer close(sent)
		tick := time.NewTicker(time.Second / time.Duration(rate))
		defer tick.Stop()
		for n := range total {
			if n == total/3 || n == 2*total/3 {
				kills <- struct{}{}
			}
			wg.Go(func() { l.send(n) })
			<-tick.C
		}
	})
	for range 2 {
		<-kills
		l.kill()
		time.Sleep(200 * time.Millisecond) // nobody listens for a while
		l.start()
	}
	<-sent
	span := time.Since(begin)
	wg.Wait()
	l.drain()
	drained := time.Since(begin)
	l.kill()
	l.compare(total)
	if l.log.String() != "" {
		t.Logf("the server complained:\n%.2000s", l.log.String())
	}
	slices.Sort(l.dauer)
	at := func(q float64) time.Duration { return l.dauer[int(q*float64(len(l.dauer)-1))].Round(time.Millisecond) }
	t.Logf("%d submissions in %.1f s (%d FIT-Connect, %d OZG-Cloud), server killed twice: all durable, none lost, none twice; "+
		"answer of the OZG-Cloud interface p50 %v, p99 %v, slowest %v (over a kill); all decided %.1f s after the last one was sent",
		total, span.Seconds(), len(l.gesendet), len(l.nummern), at(0.5), at(0.99), at(1), (drained - span).Seconds())
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// start starts the server and waits until it is ready.
func (l *last) start() {
	l.t.Helper()
	self, err := os.Executable()
	require.NoError(l.t, err)
	raw, err := json.Marshal(l.p)
	require.NoError(l.t, err)
	l.server = exec.Command(self)
	l.server.Env = append(os.Environ(), envServer+"="+string(raw))
	l.server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	l.server.Stderr = &l.log
	out, err := l.server.StdoutPipe()
	require.NoError(l.t, err)
	require.NoError(l.t, l.server.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(l.t, err, "%s", l.log.String())
	require.Equal(l.t, "bereit\n", line)
	go io.Copy(io.Discard, out) // ends with the server
}

// kill ends the server without a warning.
func (l *last) kill() {
	if l.server == nil {
		return
	}
	_ = l.server.Process.Kill()
	_ = l.server.Wait() // "signal: killed"
	l.server = nil
}

func (l *last) send(n int) {
	if n%10 < fitAnteil {
		l.sendFIT(n)
	} else {
		l.sendOZG(n)
	}
}

func (l *last) sendFIT(n int) {
	d := fitconnecttest.Beispiel(l.stelle.ID)
	d.Region, d.PublicService.Identifier = "DE010020000000", leistung
	d.DataSchema = fitconnect.SchemaRef{SchemaURI: schema, MIMEType: "application/json"}
	d.Data = fmt.Appendf(nil, `{"F60000227":"Groß %d"}`, n)
	sent, err := l.dienst.Sende(context.Background(), d)
	if err != nil {
		l.t.Errorf("submission %d: %v", n, err)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gesendet[sent.SubmissionID] = sent.CaseID
}

// sendOZG repeats with the same transactionId until it is told a number, as a form server
// does; every seventh asks again afterwards, as one whose answer was lost.
func (l *last) sendOZG(n int) {
	c, err := ozgcloud.NewClient("http://"+l.p.Listen+"/antrag", &ozgcloud.ClientOptions{
		Token: lastToken, Versuche: 100, Pause: func(int) time.Duration { return 100 * time.Millisecond }})
	if err != nil {
		l.t.Error(err)
		return
	}
	name, baum := "Erika Muster", fmt.Sprintf("Linde %d", n)
	a := ozgcloud.Antrag{
		Control: ozgcloud.Control{TransactionID: fmt.Sprintf("last-%06d", n), ZustaendigeStelle: "197008", FormID: "42", Name: "Baumfällung",
			ServiceKonto: &ozgcloud.ServiceKonto{Type: "OSI", PostfachAddress: &ozgcloud.PostfachAddress{Identifier: fmt.Sprintf("postfach-%d", n), Type: "Citizen"}}},
		FormData: []ozgcloud.Item{{Name: "name", Label: "Name", StringValue: &name}, {Name: "baum", Label: "Baum", StringValue: &baum}},
		Attachments: []intake.Teil{intake.Bytes([16]byte{}, "foto.pdf", "application/pdf", vorgang.ZweckAnlage,
			fmt.Appendf(nil, "%%PDF-1.4\n%% Anlage %d\n%%%%EOF\n", n))},
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	begin := time.Now()
	answer, err := c.Send(ctx, a)
	took := time.Since(begin)
	again := n%7 == 0
	if err == nil && again {
		var second ozgcloud.Antwort
		second, err = c.Send(ctx, a)
		if err == nil && second.Vorgang.VorgangNummer != answer.Vorgang.VorgangNummer {
			l.t.Errorf("submission %d: told %s and %s", n, answer.Vorgang.VorgangNummer, second.Vorgang.VorgangNummer)
		}
	}
	if err != nil {
		l.t.Errorf("submission %d: %v", n, err)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.nummern[a.Control.TransactionID] = answer.Vorgang.VorgangNummer
	l.dauer = append(l.dauer, took)
	if again {
		l.nachgefragt++
	}
}

// drain waits until the delivery service has an answer to everything.
func (l *last) drain() {
	l.t.Helper()
	require.Eventually(l.t, func() bool {
		for id := range l.gesendet {
			if l.dienst.State(id) != fitconnect.StateAccepted {
				return false
			}
		}
		return true
	}, 5*time.Minute, 50*time.Millisecond, "%s", l.log.String())
}

// compare reads everything back and holds it against what was sent.
func (l *last) compare(total int) {
	t, ctx := l.t, l.t.Context()
	require.Equal(t, total, len(l.gesendet)+len(l.nummern))
	require.Positive(t, l.nachgefragt, "nobody asked again: the answer to a repetition was not tried")
	store, err := l.p.open(ctx)
	require.NoError(t, err)
	defer store.Close()
	blobs, err := blob.OpenDir(l.p.Dateien, nil)
	require.NoError(t, err)
	anzahl, nummern := map[string]int{}, map[string]bool{}
	for v, err := range store.Vorgaenge(ctx, kiel, storage.PageParams{}) {
		require.NoError(t, err)
		s := v.Stand()
		require.False(t, nummern[s.Nummer], "number %s given twice", s.Nummer)
		nummern[s.Nummer] = true
		id := s.Antrag.Kennung
		if s.Antrag.Kanal == ozgcloud.Kanal {
			id = strings.TrimPrefix(id, "formulare/")
			require.Equal(t, l.nummern[id], s.Nummer, "the sender of %s was told another number", id)
		} else {
			require.Contains(t, l.gesendet, id, "never sent")
		}
		anzahl[id]++
		require.NoError(t, store.VerifyJournal(ctx, kiel, v.ID()))
		for _, d := range s.Dateien {
			b, err := blob.Read(ctx, blobs, kiel, blob.Ref{SHA512: d.SHA512, Groesse: d.Groesse}, 1<<20)
			require.NoError(t, err, "file %s of %s", d.Name, s.Nummer)
			sum := sha512.Sum512(b)
			require.Equal(t, d.SHA512, hex.EncodeToString(sum[:]))
		}
	}
	require.Len(t, anzahl, total, "lost")
	for id, n := range anzahl {
		require.Equal(t, 1, n, "%s is there %d times", id, n)
	}
	offen := []string{string(intake.Offen), string(intake.Klaerung), string(intake.Abgelehnt)}
	for e, err := range store.Eingaenge(ctx, "poststelle", offen...) {
		require.NoError(t, err)
		t.Errorf("delivery %s is %s", e.ID, e.Zustand)
	}
	for id := range l.gesendet {
		require.Equal(t, 1, l.accepts(id), "accept events of %s", id)
	}
}

// accepts counts the accept events of a submission.
func (l *last) accepts(id string) (n int) {
	for _, token := range l.dienst.Events(l.gesendet[id]) {
		e, err := fitconnect.ParseSET(token)
		require.NoError(l.t, err)
		if e.Type == fitconnect.EventAcceptSubmission && e.Subject == fitconnect.SubjectOfSubmission(id) {
			n++
		}
	}
	return n
}
