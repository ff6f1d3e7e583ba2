package storagetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// BenchBytes is the size of the form data in the benchmarks.
const BenchBytes = 4 << 10

// BenchMandant owns all Vorgaenge of the benchmarks.
const BenchMandant = kiel

var benchTime = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

var benchSerial atomic.Int64

// The names are made of syllables: many different ones, of which each beginning
// is shared by one in twenty. So a search by prefix finds more than a page in
// ten thousand, and as much in a million.
var (
	benchSilben1  = strings.Fields("berg stein kauf wald hof feld brand linden eichen rosen kram holz mühl stadt dorf schön neu alt lang kurz")
	benchSilben2  = strings.Fields("hauser mann meier bauer müller reuter huber schmidt weber becker wagner schulte krüger lehmann köhler")
	benchVornamen = strings.Fields("Erika Max Ayşe Jürgen Łukasz Zoë Björn Nguyễn Françoise Günther Mehmet Siobhán Heinz Chiara Oluf Renée")
	benchWoerter  = strings.Fields(`Antrag Gewerbe Anmeldung Betrieb Straße Hausnummer Erlaubnis Tätigkeit Beginn Inhaber Grundstück Fläche
		Baujahr Nachweis Anlage Vollmacht Erklärung Handwerk Verkauf Sondernutzung Gehweg Aufstellung Gerüst Zeitraum Meldung Änderung Wohnung`)
)

// BenchVorgang makes a Vorgang as the benchmarks store it: one journal entry,
// one Auftrag, [BenchBytes] of form data that repeat themselves no more than
// real ones do, and some labelled fields. No two are alike.
func BenchVorgang() (*vorgang.Vorgang, error) {
	n := benchSerial.Add(1)
	r := rand.New(rand.NewPCG(uint64(n), 1))
	pick := func(of []string) string { return of[r.IntN(len(of))] }
	p := vorgang.Params{
		ID: uuid.Must(uuid.NewV7()), Mandant: BenchMandant, Nummer: fmt.Sprintf("2026-%08d", n),
		Leistung: tenant.Leistungsschluessel(fmt.Sprintf("9901203456%d000", r.IntN(5))), Einheit: fmt.Sprintf("amt-%d", r.IntN(4)),
		Eingang: benchTime.Add(time.Duration(n) * time.Millisecond), Quittung: []byte(`{}`),
	}
	name := pick(benchSilben1) + pick(benchSilben2)
	p.Antrag.Antragsteller.Name = pick(benchVornamen) + " " + strings.ToUpper(name[:1]) + name[1:]
	var b strings.Builder
	b.Grow(BenchBytes + 64)
	b.WriteString(`{"form":"gewerbe"`)
	for i := 0; b.Len() < BenchBytes; i++ {
		fmt.Fprintf(&b, `,"F6000%05d":"`, r.IntN(100000))
		for range 2 + r.IntN(6) {
			b.WriteString(pick(benchWoerter))
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, `%x"`, r.Uint64())
	}
	b.WriteByte('}')
	p.Antrag.Daten = []byte(b.String())
	for _, label := range []string{"Betrieb", "Straße", "Ort", "Tätigkeit"} {
		p.Antrag.Felder = append(p.Antrag.Felder, vorgang.Feld{Name: label, Label: label, Wert: pick(benchWoerter) + " " + pick(benchSilben1)})
	}
	return vorgang.New(tenant.System("bench"), benchTime, p, vorgang.Kontext{})
}

// benchPrefix is what the benchmarks search: the beginning of the surname of one in a
// hundred.
const benchPrefix = "lindenm"

// BenchNote is the change the benchmarks make.
func BenchNote(v *vorgang.Vorgang) error {
	_, err := v.Note(clerk(BenchMandant), benchTime, "eine Notiz")
	return err
}

func benchWrite(v *vorgang.Vorgang) error {
	_, err := v.Write(clerk(BenchMandant), benchTime, "Betreff", "Text")
	return err
}

// BenchAkteur is who claims and edits in the benchmarks.
func BenchAkteur() tenant.Akteur { return clerk(BenchMandant) }

// rekorder is a store that keeps one Vorgang and hands out what a backend was
// asked to save: so a floor writes the very rows the store writes, and making
// them is the store's work alone.
type rekorder struct {
	driver.Backend // nil: what is not defined here is not needed
	store          *storage.Store
	row            driver.VorgangRow
	saved          driver.SaveVorgangParams
}

func newRekorder() *rekorder {
	r := &rekorder{}
	r.store = storage.New(r, nil)
	return r
}

func (r *rekorder) Update(ctx context.Context, _ tenant.ID, f func(context.Context, driver.Tx) error) error {
	return f(ctx, rekorderTx{nil, r})
}

type rekorderTx struct {
	driver.Tx
	r *rekorder
}

func (t rekorderTx) GetVorgang(context.Context, driver.GetVorgangParams) (driver.VorgangRow, error) {
	return t.r.row, nil
}

func (t rekorderTx) NextWartend(context.Context, driver.NextWartendParams) (driver.VorgangRow, error) {
	return t.r.row, nil
}

func (t rekorderTx) SaveVorgang(_ context.Context, p driver.SaveVorgangParams) error {
	t.r.saved, t.r.row = p, p.Row
	return nil
}

// create gives the save of a new Vorgang.
func (r *rekorder) create(ctx context.Context) (driver.SaveVorgangParams, error) {
	v, err := BenchVorgang()
	if err == nil {
		err = r.store.Insert(ctx, BenchMandant, v)
	}
	return r.saved, err
}

// edits gives the saves of n changes of one Vorgang in turn.
func (r *rekorder) edits(ctx context.Context, n int, change func(*vorgang.Vorgang) error) ([]driver.SaveVorgangParams, error) {
	if _, err := r.create(ctx); err != nil {
		return nil, err
	}
	out := make([]driver.SaveVorgangParams, n)
	for i := range out {
		if _, err := r.store.Edit(ctx, BenchMandant, r.row.ID, change); err != nil {
			return nil, err
		}
		out[i] = r.saved
	}
	return out, nil
}

// claim gives the save of a Claim.
func (r *rekorder) claim(ctx context.Context) (driver.SaveVorgangParams, error) {
	if _, err := r.create(ctx); err != nil {
		return r.saved, err
	}
	_, _, err := r.store.Claim(ctx, BenchMandant, benchClaim)
	return r.saved, err
}

// benchClaim holds longer than any benchmark lasts, so that nothing comes back.
var benchClaim = storage.ClaimParams{Akteur: clerk(BenchMandant), Dauer: 24 * time.Hour}

// umschreiben gives the save p for another Vorgang that stands where the one of
// p stood: the same bytes under its id.
func umschreiben(p *driver.SaveVorgangParams, id uuid.UUID) *driver.SaveVorgangParams {
	q := *p
	q.Row.ID = id
	q.Journal = slices.Clone(p.Journal)
	for i := range q.Journal {
		q.Journal[i].VorgangID = id
	}
	q.Auftraege = slices.Clone(p.Auftraege)
	for i := range q.Auftraege {
		q.Auftraege[i].ID, q.Auftraege[i].VorgangID = uuid.Must(uuid.NewV7()), id
	}
	return &q
}
