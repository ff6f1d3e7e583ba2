package storagetest

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// recorder stands in for testing.T: it keeps whether a case failed.
type recorder struct {
	mu     sync.Mutex
	failed bool
	log    []string
}

func (r *recorder) Helper()             {}
func (r *recorder) Logf(string, ...any) {}
func (r *recorder) Fatalf(f string, a ...any) {
	r.Errorf(f, a...)
	runtime.Goexit()
}

func (r *recorder) Errorf(f string, a ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = true
	r.log = append(r.log, fmt.Sprintf(f, a...))
}

// failures runs the cases of a group and names those that failed.
func failures(group string, handle func() Handle) []string {
	var out []string
	for _, c := range cases() {
		if c.group != group {
			continue
		}
		r := &recorder{}
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer func() {
				if p := recover(); p != nil {
					r.Errorf("panic: %v", p)
				}
			}()
			e := newEnv(r, handle())
			defer e.close()
			c.run(e)
		}()
		<-done
		if r.failed {
			out = append(out, c.name)
		}
	}
	return out
}

// broken is a memory backend with one planted fault.
type broken struct {
	driver.Backend
	tx          func(driver.Tx) driver.Tx
	update      func(b driver.Backend, ctx context.Context, m tenant.ID, f func(context.Context, driver.Tx) error) error
	tenant      func(tenant.ID) tenant.ID
	aenderungen func(b driver.Backend, ctx context.Context, m tenant.ID, p driver.AenderungenParams) ([]driver.AenderungRow, error)
	shares      func(b driver.Backend, ctx context.Context, m tenant.ID, p driver.BeteiligungenParams) ([]driver.BeteiligungRow, error)
	sperre      func(b driver.Backend, ctx context.Context, m tenant.ID, s driver.Sperre) error
	lease       func(b driver.Backend, ctx context.Context, p driver.LeaseAuftraegeParams) ([]driver.AuftragRow, error)
}

func (b *broken) wrap(f func(context.Context, driver.Tx) error) func(context.Context, driver.Tx) error {
	return func(ctx context.Context, tx driver.Tx) error {
		if b.tx != nil {
			tx = b.tx(tx)
		}
		return f(ctx, tx)
	}
}

func (b *broken) mandant(m tenant.ID) tenant.ID {
	if b.tenant != nil {
		return b.tenant(m)
	}
	return m
}

func (b *broken) Update(ctx context.Context, m tenant.ID, f func(context.Context, driver.Tx) error) error {
	if b.update != nil {
		return b.update(b.Backend, ctx, m, f)
	}
	return b.Backend.Update(ctx, b.mandant(m), b.wrap(f))
}

func (b *broken) View(ctx context.Context, m tenant.ID, f func(context.Context, driver.Tx) error) error {
	return b.Backend.View(ctx, b.mandant(m), b.wrap(f))
}

func (b *broken) LeaseAuftraege(ctx context.Context, p driver.LeaseAuftraegeParams) ([]driver.AuftragRow, error) {
	if b.lease != nil {
		return b.lease(b.Backend, ctx, p)
	}
	return b.Backend.LeaseAuftraege(ctx, p)
}

func (b *broken) Aenderungen(ctx context.Context, m tenant.ID, p driver.AenderungenParams) ([]driver.AenderungRow, error) {
	if b.aenderungen != nil {
		return b.aenderungen(b.Backend, ctx, m, p)
	}
	return b.Backend.Aenderungen(ctx, m, p)
}

func (b *broken) Beteiligungen(ctx context.Context, m tenant.ID, p driver.BeteiligungenParams) ([]driver.BeteiligungRow, error) {
	if b.shares != nil {
		return b.shares(b.Backend, ctx, m, p)
	}
	return b.Backend.Beteiligungen(ctx, m, p)
}

func (b *broken) SetSperre(ctx context.Context, m tenant.ID, s driver.Sperre) error {
	if b.sperre != nil {
		return b.sperre(b.Backend, ctx, m, s)
	}
	return b.Backend.SetSperre(ctx, m, s)
}

// The faults, each a Tx that does one thing wrong.
type (
	txExists  struct{ driver.Tx } // a taken id counts as stored
	txBlind   struct{ driver.Tx } // saves without looking at the version
	txGaps    struct{ driver.Tx } // renumbers what does not continue the journal
	txSkips   struct{ driver.Tx } // loses the first row of a later page
	txFolds   struct{ driver.Tx } // compares without case
	txSeconds struct{ driver.Tx } // cuts times to seconds
	txTermin  struct{ driver.Tx } // forgets the order
	txNoLease struct{ driver.Tx } // writes no lease
	txTwice   struct{ driver.Tx } // takes the same delivery again
	txNoErase struct{ driver.Tx } // erases nothing
	txNoWords struct{ driver.Tx } // keeps the first word only
	txForgets struct{ driver.Tx } // remembers no key
	txLetters struct{ driver.Tx } // erases the journal only
	txNoFrist struct{ driver.Tx } // forgets the Frist
	txAgain   struct{ driver.Tx } // counts every imported Vorgang as new
	txCounts  struct {
		driver.Tx
		n *atomic.Int64 // counts outside the transaction
	}
	txAliases struct {
		driver.Tx
		kept map[uuid.UUID][]byte // keeps the caller's bytes
	}
	txReplaces struct {
		driver.Tx
		last map[uuid.UUID]driver.EintragRow // the last letter wins
	}
)

func (t txExists) SaveVorgang(ctx context.Context, p driver.SaveVorgangParams) error {
	err := t.Tx.SaveVorgang(ctx, p)
	if err == fehler.ErrExists {
		return nil
	}
	return err
}

func (t txBlind) SaveVorgang(ctx context.Context, p driver.SaveVorgangParams) error {
	if p.ExpectedVersion > 0 {
		old, err := t.GetVorgang(ctx, driver.GetVorgangParams{ID: p.Row.ID})
		if err != nil {
			return err
		}
		p.ExpectedVersion = old.Version
		p.Journal = nil
		p.Row.JournalSeq = old.JournalSeq
	}
	return t.Tx.SaveVorgang(ctx, p)
}

func (t txGaps) SaveVorgang(ctx context.Context, p driver.SaveVorgangParams) error {
	for i := range p.Journal {
		p.Journal[i].Seq = int64(i) + 1
		if p.ExpectedVersion > 0 {
			old, err := t.GetVorgang(ctx, driver.GetVorgangParams{ID: p.Row.ID})
			if err != nil {
				return err
			}
			p.Journal[i].Seq += old.JournalSeq
		}
	}
	return t.Tx.SaveVorgang(ctx, p)
}

func (t txSkips) ListVorgaenge(ctx context.Context, p driver.ListVorgaengeParams) ([]driver.VorgangRow, error) {
	rows, err := t.Tx.ListVorgaenge(ctx, p)
	if p.After != nil && len(rows) > 1 {
		rows = rows[1:]
	}
	return rows, err
}

func (t txFolds) GetKonfig(ctx context.Context, p driver.GetKonfigParams) (driver.KonfigRow, error) {
	p.Schluessel = strings.ToLower(p.Schluessel)
	return t.Tx.GetKonfig(ctx, p)
}

func (t txSeconds) InsertEingang(ctx context.Context, p driver.InsertEingangParams) error {
	p.Row.Eingegangen = p.Row.Eingegangen.Truncate(time.Second)
	return t.Tx.InsertEingang(ctx, p)
}

func (t txTermin) SaveVorgang(ctx context.Context, p driver.SaveVorgangParams) error {
	for i := range p.Auftraege {
		p.Auftraege[i].Termin = true
	}
	return t.Tx.SaveVorgang(ctx, p)
}

func (t txNoLease) SetLease(context.Context, driver.SetLeaseParams) error { return nil }

func (t txNoLease) SaveVorgang(ctx context.Context, p driver.SaveVorgangParams) error {
	p.Lease = nil
	return t.Tx.SaveVorgang(ctx, p)
}

func (t txTwice) InsertEingang(ctx context.Context, p driver.InsertEingangParams) error {
	err := t.Tx.InsertEingang(ctx, p)
	if err == fehler.ErrExists {
		return nil
	}
	return err
}

func (t txNoErase) EraseJournal(context.Context, driver.EraseJournalParams) error { return nil }

func (t txNoWords) SaveVorgang(ctx context.Context, p driver.SaveVorgangParams) error {
	p.Woerter = p.Woerter[:min(len(p.Woerter), 1)]
	return t.Tx.SaveVorgang(ctx, p)
}

func (t txForgets) PutSchluessel(context.Context, driver.PutSchluesselParams) error { return nil }

func (t txNoFrist) SaveVorgang(ctx context.Context, p driver.SaveVorgangParams) error {
	p.Row.Frist = datum.Datum{}
	return t.Tx.SaveVorgang(ctx, p)
}

func (t txLetters) EraseVorgang(ctx context.Context, p driver.EraseVorgangParams) error {
	rows, err := t.ListJournal(ctx, driver.ListJournalParams{VorgangID: p.VorgangID, Limit: 1000})
	if err != nil {
		return err
	}
	e := driver.EraseJournalParams{VorgangID: p.VorgangID}
	for _, r := range rows {
		e.Seqs = append(e.Seqs, r.Seq)
	}
	return t.EraseJournal(ctx, e)
}

func (t txAgain) Import(ctx context.Context, p driver.ImportParams) (int64, error) {
	_, err := t.Tx.Import(ctx, p)
	return int64(len(p.Vorgaenge)), err
}

func (t txCounts) NextNummer(context.Context, driver.NextNummerParams) (int64, error) {
	return t.n.Add(1), nil
}

func (t txAliases) InsertEingang(ctx context.Context, p driver.InsertEingangParams) error {
	t.kept[p.Row.ID] = p.Row.Daten
	return t.Tx.InsertEingang(ctx, p)
}

func (t txAliases) GetEingang(ctx context.Context, p driver.GetEingangParams) (driver.EingangRow, error) {
	r, err := t.Tx.GetEingang(ctx, p)
	r.Daten = t.kept[r.ID]
	return r, err
}

func (t txReplaces) PutEintrag(ctx context.Context, p driver.PutEintragParams) (bool, error) {
	t.last[p.Row.ID] = p.Row
	return t.Tx.PutEintrag(ctx, p)
}

func (t txReplaces) GetEintrag(ctx context.Context, p driver.GetEintragParams) (driver.EintragRow, error) {
	if r, ok := t.last[p.ID]; ok {
		return r, nil
	}
	return t.Tx.GetEintrag(ctx, p)
}

func faults() map[string]func(b *broken) {
	return map[string]func(b *broken){
		"crud":        func(b *broken) { b.tx = func(t driver.Tx) driver.Tx { return txExists{t} } },
		"driver":      func(b *broken) { b.tx = func(t driver.Tx) driver.Tx { return txGaps{t} } },
		"concurrency": func(b *broken) { b.tx = func(t driver.Tx) driver.Tx { return txBlind{t} } },
		"unit of work": func(b *broken) { // commits what failed
			b.update = func(in driver.Backend, ctx context.Context, m tenant.ID, f func(context.Context, driver.Tx) error) error {
				var failed error
				err := in.Update(context.WithoutCancel(ctx), m, func(ctx context.Context, tx driver.Tx) error {
					failed = f(ctx, tx)
					return nil
				})
				if failed != nil {
					return failed
				}
				return err
			}
		},
		"isolation":  func(b *broken) { b.tenant = func(tenant.ID) tenant.ID { return "alle" } },
		"pagination": func(b *broken) { b.tx = func(t driver.Tx) driver.Tx { return txSkips{t} } },
		"aliasing": func(b *broken) {
			kept := map[uuid.UUID][]byte{}
			b.tx = func(t driver.Tx) driver.Tx { return txAliases{t, kept} }
		},
		"text":   func(b *broken) { b.tx = func(t driver.Tx) driver.Tx { return txFolds{t} } },
		"time":   func(b *broken) { b.tx = func(t driver.Tx) driver.Tx { return txSeconds{t} } },
		"outbox": func(b *broken) { b.tx = func(t driver.Tx) driver.Tx { return txTermin{t} } },
		"turns": func(b *broken) { // serves whoever comes
			b.lease = func(in driver.Backend, ctx context.Context, p driver.LeaseAuftraegeParams) ([]driver.AuftragRow, error) {
				p.Mandant = ""
				return in.LeaseAuftraege(ctx, p)
			}
		},
		"claim": func(b *broken) { b.tx = func(t driver.Tx) driver.Tx { return txNoLease{t} } },
		"numbers": func(b *broken) {
			n := new(atomic.Int64)
			b.tx = func(t driver.Tx) driver.Tx { return txCounts{t, n} }
		},
		"eingang": func(b *broken) { b.tx = func(t driver.Tx) driver.Tx { return txTwice{t} } },
		"postfach": func(b *broken) {
			last := map[uuid.UUID]driver.EintragRow{}
			b.tx = func(t driver.Tx) driver.Tx { return txReplaces{t, last} }
		},
		"journal":   func(b *broken) { b.tx = func(t driver.Tx) driver.Tx { return txNoErase{t} } },
		"search":    func(b *broken) { b.tx = func(t driver.Tx) driver.Tx { return txNoWords{t} } },
		"once":      func(b *broken) { b.tx = func(t driver.Tx) driver.Tx { return txForgets{t} } },
		"casework":  func(b *broken) { b.tx = func(t driver.Tx) driver.Tx { return txNoFrist{t} } },
		"retention": func(b *broken) { b.tx = func(t driver.Tx) driver.Tx { return txLetters{t} } },
		"import":    func(b *broken) { b.tx = func(t driver.Tx) driver.Tx { return txAgain{t} } },
		"watch": func(b *broken) { // a later page loses its first row
			b.aenderungen = func(in driver.Backend, ctx context.Context, m tenant.ID, p driver.AenderungenParams) ([]driver.AenderungRow, error) {
				rows, err := in.Aenderungen(ctx, m, p)
				if p.After != "" && len(rows) > 0 {
					rows = rows[1:]
				}
				return rows, err
			}
		},
		"shares": func(b *broken) { // a share never begins
			b.shares = func(driver.Backend, context.Context, tenant.ID, driver.BeteiligungenParams) ([]driver.BeteiligungRow, error) {
				return nil, nil
			}
		},
		"shut": func(b *broken) { // nobody is kept out
			b.sperre = func(driver.Backend, context.Context, tenant.ID, driver.Sperre) error { return nil }
		},
	}
}

// Every group finds its planted fault, and finds nothing without it.
func TestEveryGroupCanFail(t *testing.T) {
	groups := map[string]bool{}
	for _, c := range cases() {
		groups[c.group] = true
	}
	sound := func() Handle {
		db := memory.New(&memory.Options{BusyTimeout: 500 * time.Millisecond})
		return Handle{Open: func(context.Context) (driver.Backend, error) { return db.Backend(), nil }}
	}
	fault := faults()
	for group := range groups {
		t.Run(group, func(t *testing.T) {
			require.Empty(t, failures(group, sound), "the sound backend fails")
			if group == "reopen" { // the fault: every opening is a new database
				require.NotEmpty(t, failures(group, func() Handle {
					return Handle{Open: func(context.Context) (driver.Backend, error) { return memory.New(nil).Backend(), nil }}
				}))
				return
			}
			plant := fault[group]
			require.NotNil(t, plant, "the group has no negative control")
			found := failures(group, func() Handle {
				db := memory.New(&memory.Options{BusyTimeout: 500 * time.Millisecond})
				b := &broken{}
				plant(b)
				return Handle{Open: func(context.Context) (driver.Backend, error) {
					c := *b
					c.Backend = db.Backend()
					return &c, nil
				}}
			})
			require.NotEmpty(t, found, "the planted fault was not found")
			t.Logf("found by: %s", strings.Join(found, ", "))
		})
	}
}

func TestCaseNamesAreUniqueAndHaveRules(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range cases() {
		name := c.group + "/" + c.name
		require.False(t, seen[name], name)
		require.NotEmpty(t, c.rule, name)
		seen[name] = true
	}
}
