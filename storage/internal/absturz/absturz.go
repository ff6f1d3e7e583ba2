// Package absturz kills a process at work on a store, again and again, and checks
// that nothing it acknowledged is lost, nothing happened twice, journals verify
// and leases come back.
//
// A test binary starts itself as the child: its TestMain calls [Child] first.
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
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

const (
	kiel tenant.ID = "kiel"
	// envTarget tells the child what to open; envRound makes its keys unique.
	envTarget, envRound = "FACHWERK_ABSTURZ_ZIEL", "FACHWERK_ABSTURZ_RUNDE"
	// EnvRounds asks for another number of rounds than the short form's.
	EnvRounds = "FACHWERK_ABSTURZ_RUNDEN"
	workers   = 4
	lease     = 2 * time.Second
)

// Child does the child's work and ends the process, if this is one.
func Child(open func(ctx context.Context, target string) (*storage.Store, error)) {
	target := os.Getenv(envTarget)
	if target == "" {
		return
	}
	// It ends by itself if nobody kills it.
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := work(ctx, target, os.Getenv(envRound), open); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "absturz:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func clerk() tenant.Akteur {
	return tenant.Akteur{ID: "sb-1", Name: "SB 1", Art: tenant.Person, Mandant: kiel, Rollen: []tenant.Rolle{tenant.Sachbearbeitung}}
}

// work takes in, edits, claims and completes, and says on stdout what was
// acknowledged: "ein KEY ID", "edit ID VERSION".
func work(ctx context.Context, target, round string, open func(context.Context, string) (*storage.Store, error)) error {
	s, err := open(ctx, target)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	say := func(format string, a ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Printf(format+"\n", a...) // one write, so one line or none
	}
	say("bereit")
	errs := make(chan error, workers)
	for w := range workers {
		go func() {
			for n := 0; ; n++ {
				if err := step(ctx, s, fmt.Sprintf("%s-%d-%d", round, w, n), say); err != nil {
					errs <- err
					return
				}
			}
		}()
	}
	return <-errs
}

func step(ctx context.Context, s *storage.Store, key string, say func(string, ...any)) error {
	var id uuid.UUID
	_, err := s.Once(ctx, kiel, key, time.Hour, &id, func(ctx context.Context, tx *storage.Tx) (any, error) {
		now := time.Now()
		v, err := vorgang.New(tenant.System("annahme"), now, vorgang.Params{
			Mandant: kiel, Nummer: key, Leistung: "99012034567000", Einheit: "a", Eingang: now, Quittung: []byte(`{}`),
		}, s.Kontext())
		if err != nil {
			return nil, err
		}
		if err := tx.InsertEingang(ctx, &storage.Eingang{ID: uuid.New(), Schluessel: key, Eingegangen: now, ZielMandant: kiel, ZielVorgang: v.ID()}); err != nil {
			return nil, err
		}
		return v.ID(), tx.Save(ctx, v)
	})
	if err != nil {
		return err
	}
	say("ein %s %s", key, id)
	v, err := s.Edit(ctx, kiel, id, func(v *vorgang.Vorgang) error {
		_, err := v.Note(clerk(), time.Now(), "Notiz")
		return err
	})
	if err != nil {
		return err
	}
	say("edit %s %d", id, v.Version())
	_, l, err := s.Claim(ctx, kiel, storage.ClaimParams{Akteur: clerk(), Dauer: lease})
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	v, err = s.Complete(ctx, kiel, l, func(v *vorgang.Vorgang) error { return v.Assign(clerk(), time.Now(), "sb-2", "") })
	if errors.Is(err, storage.ErrConflict) {
		return nil // another worker took it over after the lease ended
	}
	if err == nil {
		say("edit %s %d", v.ID(), v.Version())
	}
	return err
}

// Params of a run.
type Params struct {
	// Rounds of the short form; [EnvRounds] asks for another number.
	Rounds int
	// Target is handed to the child's open function.
	Target string
	// Open opens the same data here.
	Open func(ctx context.Context) (*storage.Store, error)
}

// Run starts and kills children.
func Run(t *testing.T, p Params) {
	rounds := p.Rounds
	if n, err := strconv.Atoi(os.Getenv(EnvRounds)); err == nil && n > 0 {
		rounds = n
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	acked := &record{keys: map[string]uuid.UUID{}, versions: map[uuid.UUID]int64{}}
	for round := range rounds {
		cmd := exec.Command(self, "-test.run=^$")
		cmd.Env = append(os.Environ(), envTarget+"="+p.Target, envRound+"="+strconv.Itoa(round))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(out)
		if line, err := lines.ReadString('\n'); err != nil || line != "bereit\n" {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			t.Fatalf("the child did not begin: %q, %v", line, err)
		}
		timer := time.AfterFunc(time.Duration(rand.IntN(80_000))*time.Microsecond, func() { _ = cmd.Process.Kill() })
		acked.read(t, lines)
		timer.Stop()
		_ = cmd.Wait()
		if round%10 == 9 || round == rounds-1 {
			acked.check(t, p.Open)
		}
	}
	t.Logf("%d rounds, %d acknowledged deliveries, %d Vorgaenge with acknowledged edits: nothing lost, nothing twice", rounds, len(acked.keys), len(acked.versions))
	if len(acked.keys) == 0 {
		t.Fatal("no child acknowledged anything: the test shows nothing")
	}
}

// record is what children acknowledged.
type record struct {
	keys     map[string]uuid.UUID
	versions map[uuid.UUID]int64
}

func (r *record) read(t *testing.T, lines *bufio.Reader) {
	for {
		line, err := lines.ReadString('\n')
		if err != nil { // the last line may be cut off
			if err != io.EOF {
				t.Fatal(err)
			}
			return
		}
		f := strings.Fields(line)
		switch {
		case len(f) == 3 && f[0] == "ein":
			r.keys[f[1]] = uuid.MustParse(f[2])
		case len(f) == 3 && f[0] == "edit":
			n, err := strconv.ParseInt(f[2], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			id := uuid.MustParse(f[1])
			r.versions[id] = max(r.versions[id], n)
		default:
			t.Fatalf("the child said %q", line)
		}
	}
}

func (r *record) check(t *testing.T, open func(context.Context) (*storage.Store, error)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	s, err := open(ctx)
	if err != nil {
		t.Fatalf("reopen: %v", err)
	}
	defer s.Close()
	for key, id := range r.keys {
		// The key finds what was done, and does not do it again.
		var got uuid.UUID
		schon, err := s.Once(ctx, kiel, key, time.Hour, &got, func(context.Context, *storage.Tx) (any, error) {
			return nil, errors.New("not remembered")
		})
		if err != nil || !schon || got != id {
			t.Fatalf("acknowledged delivery %s: schon %v, %v", key, schon, err)
		}
	}
	deliveries, vorgaenge := 0, map[uuid.UUID]int64{}
	for z, err := range s.List(ctx, kiel, storage.PageParams{Limit: 1000}) {
		if err != nil {
			t.Fatal(err)
		}
		vorgaenge[z.ID] = z.Version
		if err := s.VerifyJournal(ctx, kiel, z.ID); err != nil {
			t.Fatalf("journal: %v", err)
		}
	}
	for d, err := range s.Eingaenge(ctx, kiel) {
		if err != nil {
			t.Fatal(err)
		}
		deliveries++
		if vorgaenge[d.ZielVorgang] == 0 {
			t.Fatalf("delivery %s has no Vorgang", d.Schluessel)
		}
	}
	// Each delivery has one Vorgang and each Vorgang one delivery.
	if deliveries != len(vorgaenge) || deliveries < len(r.keys) {
		t.Fatalf("%d deliveries, %d Vorgaenge, %d acknowledged", deliveries, len(vorgaenge), len(r.keys))
	}
	for id, version := range r.versions {
		if vorgaenge[id] < version {
			t.Fatalf("Vorgang %s has version %d, acknowledged was %d", id, vorgaenge[id], version)
		}
	}
	// Leases of the dead run out.
	deadline := time.Now().Add(lease)
	for {
		_, l, err := s.Claim(ctx, kiel, storage.ClaimParams{Akteur: clerk(), Dauer: time.Hour})
		if errors.Is(err, storage.ErrNotFound) {
			if time.Now().After(deadline) {
				break
			}
			time.Sleep(50 * time.Millisecond)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Complete(ctx, kiel, l, func(v *vorgang.Vorgang) error { return v.Assign(clerk(), time.Now(), "sb-2", "") }); err != nil {
			t.Fatal(err)
		}
	}
	left, err := s.Count(ctx, kiel, storage.Filter{Status: []vorgang.Status{vorgang.Neu, vorgang.Angenommen}})
	if err != nil || left != 0 {
		t.Fatalf("%d Vorgaenge never came back to the stack: %v", left, err)
	}
}
