package relay_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/internal/pgtest"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/postgres"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// kindEnv makes this test binary a relay process: "app DSN|relay DSN|URL of the target".
const kindEnv = "FACHWERK_RELAY_KIND"

// kind is a relay process. It ends with its standard input, so that none outlives its parent.
func kind(settings string) error {
	p := strings.Split(settings, "|")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	s, err := postgres.Open(ctx, p[0], &postgres.Options{RelayDSN: p[1]})
	if err != nil {
		return err
	}
	defer s.Close()
	h := relay.HandlerFunc(func(ctx context.Context, a vorgang.Auftrag, v *vorgang.Vorgang) (relay.Bericht, error) {
		b := betreff(a, v)
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, p[2]+"/"+a.Vorgang.String()+"/"+b, nil)
		if err != nil {
			return nil, err
		}
		req.Header.Set("Idempotency-Key", a.ID.String())
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return nil, err
		}
		res.Body.Close()
		if res.StatusCode != http.StatusNoContent {
			return nil, fmt.Errorf("status %d", res.StatusCode)
		}
		return func(v *vorgang.Vorgang) error {
			_, err := v.Note(dienst, time.Now(), b)
			return err
		}, nil
	})
	r := relay.New(s, map[vorgang.AuftragArt]relay.Handler{vorgang.NachrichtSenden: h}, &relay.Options{
		Lease: 3 * time.Second, Poll: 20 * time.Millisecond, MaxVersuche: 10_000,
		Pause: relay.Doubling(5*time.Millisecond, 50*time.Millisecond, nil),
	})
	fmt.Println("ready")
	return r.Run(ctx)
}

// empfang is a target that keeps one effect per key, and fails before or after it.
type empfang struct {
	mu       sync.Mutex
	rnd      *rand.Rand
	seen     map[string]bool
	effects  map[string][]string // per Vorgang, in the order of the first effect
	calls    int
	failed   int
	repeated int
}

func (e *empfang) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, betreff, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	key := r.Header.Get("Idempotency-Key")
	e.mu.Lock()
	x := e.rnd.Float64()
	e.calls++
	if x >= 0.15 {
		if e.seen[key] {
			e.repeated++
		} else {
			e.seen[key] = true
			e.effects[id] = append(e.effects[id], betreff)
		}
	}
	if x < 0.3 {
		e.failed++
	}
	e.mu.Unlock()
	switch {
	case x < 0.25: // before the effect up to 0.15, then after it
		w.WriteHeader(http.StatusInternalServerError)
	case x < 0.3:
		panic(http.ErrAbortHandler) // the answer gets lost
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// TestChaosProcesses: four relay processes on PostgreSQL are killed at random while the target fails
// three times in ten. Each effect is there once per key, in order per Vorgang, none is
// forgotten, and each is reported once. FACHWERK_CHAOS_AUFTRAEGE makes the run longer.
func TestChaosProcesses(t *testing.T) {
	n := 400
	if x, err := strconv.Atoi(os.Getenv("FACHWERK_CHAOS_AUFTRAEGE")); err == nil && x > 0 {
		n = x
	}
	const each, processes = 10, 4
	db := pgtest.New(t)
	require.NoError(t, postgres.Migrate(t.Context(), db.OwnerDSN, nil))
	s, err := postgres.Open(t.Context(), db.AppDSN, &postgres.Options{RelayDSN: db.RelayDSN})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	var ids []uuid.UUID
	for i := range n / each {
		v, err := vorgang.New(dienst, time.Now(), vorgang.Params{Mandant: kiel, Nummer: fmt.Sprint(i), Leistung: "99063005001000", Einheit: "gruen"}, s.Kontext())
		require.NoError(t, err)
		for j := range each {
			_, err := v.Write(dienst, time.Now(), fmt.Sprint(j), "Text")
			require.NoError(t, err)
		}
		require.NoError(t, s.Insert(t.Context(), kiel, v))
		ids = append(ids, v.ID())
	}
	ziel := &empfang{rnd: rand.New(rand.NewPCG(1, 2)), seen: map[string]bool{}, effects: map[string][]string{}}
	server := httptest.NewServer(ziel)
	defer server.Close()

	exe, err := os.Executable()
	require.NoError(t, err)
	spawn := func() (kill func()) {
		c := exec.Command(exe)
		c.Env = append(os.Environ(), kindEnv+"="+strings.Join([]string{db.AppDSN, db.RelayDSN, server.URL}, "|"))
		c.Stderr = os.Stderr
		in, err := c.StdinPipe()
		require.NoError(t, err)
		out, err := c.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, c.Start())
		_, err = bufio.NewReader(out).ReadString('\n')
		require.NoError(t, err, "a relay process does not start")
		return func() {
			_ = c.Process.Kill()
			_ = c.Wait()
			_ = in.Close()
		}
	}
	begin := time.Now()
	var kinder []func()
	for range processes {
		kinder = append(kinder, spawn())
	}
	defer func() {
		for _, kill := range kinder {
			kill()
		}
	}()
	rnd := rand.New(rand.NewPCG(3, 4))
	kills, last, since := 0, int64(-1), time.Now()
	for {
		l, err := s.AuftragLage(t.Context())
		require.NoError(t, err)
		require.Zero(t, l.Geparkt)
		if left := l.Faellig; left != last {
			last, since = left, time.Now()
		}
		if done, err := fertig(t.Context(), s, n); err == nil && done {
			break
		}
		// Slow is no failure, standing still is.
		require.Less(t, time.Since(since), 2*time.Minute, "nothing moves, %d are left", last)
		time.Sleep(time.Duration(5+rnd.IntN(60)) * time.Millisecond)
		i := rnd.IntN(processes)
		kinder[i]()
		kills++
		kinder[i] = spawn()
	}
	dauer := time.Since(begin)
	ziel.mu.Lock()
	defer ziel.mu.Unlock()
	require.Len(t, ziel.seen, n, "none is forgotten")
	want := names("", each)
	for i := range want {
		want[i] = fmt.Sprint(i)
	}
	for _, id := range ids {
		require.Equal(t, want, ziel.effects[id.String()], "in order, each once")
		v, err := s.Get(t.Context(), kiel, id)
		require.NoError(t, err)
		var reported []string
		for _, x := range v.Stand().Notizen {
			reported = append(reported, x.Text)
		}
		require.Equal(t, want, reported, "each is reported once")
		require.NoError(t, s.VerifyJournal(t.Context(), kiel, id))
	}
	require.NotZero(t, kills)
	require.Greater(t, ziel.failed, n/10)
	t.Logf("%d Auftraege in %.1f s, %d kills, %d calls, %d of them failed, %d keys came again: nothing lost, nothing twice",
		n, dauer.Seconds(), kills, ziel.calls, ziel.failed, ziel.repeated)
}

// fertig tells whether all n are done. It counts, so it is asked only when little is left.
func fertig(ctx context.Context, s *storage.Store, n int) (bool, error) {
	l, err := s.AuftragLage(ctx)
	if err != nil || l.Faellig > int64(n)/20+5 {
		return false, err
	}
	done := 0
	err = s.View(ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
		done = 0
		for _, err := range tx.Auftraege(ctx, uuid.Nil, storage.AuftragErledigt) {
			if err != nil {
				return err
			}
			done++
		}
		return nil
	})
	return done == n, err
}
