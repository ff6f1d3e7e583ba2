package zahlung_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/ausfertigung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/gebuehr"
	"github.com/ozg-fachwerk/fachwerk/bescheid/geld"
	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/kassenzeichen"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/ueberweisung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/ueberweisung/camt"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/xbezahldienste"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/xbezahldienste/xbezahldienstetest"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	relayzahlung "github.com/ozg-fachwerk/fachwerk/storage/relay/zahlung"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

var update = flag.Bool("update", false, "write the golden file")

const kiel tenant.ID = "kiel"

var (
	kim    = tenant.Akteur{ID: "kim", Name: "Kim Petersen", Art: tenant.Person, Mandant: kiel, Rollen: []tenant.Rolle{tenant.Sachbearbeitung}}
	deniz  = tenant.Akteur{ID: "deniz", Name: "Deniz Aydın", Art: tenant.Person, Mandant: kiel, Rollen: []tenant.Rolle{tenant.Leitung}}
	schema = kassenzeichen.Schema{Name: "kasse", Praefix: "50", Stellen: 8, Verfahren: kassenzeichen.Luhn}
	system = tenant.System("test")
)

type haus struct {
	*testing.T
	*storage.Store
	jetzt  time.Time
	dienst *xbezahldienstetest.Dienst
	relay  *relay.Relay
}

func newHaus(t *testing.T) *haus {
	h := &haus{T: t, jetzt: time.Date(2026, 9, 15, 9, 0, 0, 0, time.UTC)}
	uhr := func() time.Time { return h.jetzt }
	h.Store = memory.Open(&storage.Options{Now: uhr})
	t.Cleanup(func() { require.NoError(t, h.Close()) })
	var err error
	h.dienst, err = xbezahldienstetest.Start(nil)
	require.NoError(t, err)
	t.Cleanup(h.dienst.Close)
	weg, err := xbezahldienste.New(h.dienst.Params(), &xbezahldienste.Options{Timeout: 300 * time.Millisecond, Attempts: 1})
	require.NoError(t, err)
	z, err := relayzahlung.New(relayzahlung.Params{Weg: func(context.Context, tenant.ID) (zahlung.Zahlungsweg, error) { return weg, nil }}, &relayzahlung.Options{Now: uhr})
	require.NoError(t, err)
	h.relay = relay.New(h.Store, z.Handlers(), &relay.Options{Now: uhr, Pause: func(int) time.Duration { return time.Minute }})
	return h
}

func (h *haus) edit(id uuid.UUID, f func(v *vorgang.Vorgang) error) {
	h.Helper()
	_, err := h.Edit(h.Context(), kiel, id, f)
	require.NoError(h, err)
}

func (h *haus) drain() {
	h.Helper()
	_, err := h.relay.Drain(h.Context())
	require.NoError(h, err)
}

func (h *haus) text(id uuid.UUID) string {
	v, err := h.Get(h.Context(), kiel, id)
	require.NoError(h, err)
	o := v.Oeffentlich(h.jetzt)
	require.Len(h, o.Zahlungen, 1)
	return o.Zahlungen[0].Text
}

// fall makes a Vorgang with a fee by the table, alone, and gives the part of the letter.
func (h *haus) fall(nummer uint64) (id, g uuid.UUID, teil gebuehr.Bescheidteil, kz string) {
	tab := gebuehr.Beispiele()
	e, err := tab.Rechne(gebuehr.Fall{Land: tenant.LandNW, Entscheidung: datum.New(2026, 9, 15),
		Ansaetze: []gebuehr.Ansatz{{Posten: "stvo45.anordnung", Ermessen: &gebuehr.Ermessen{Betrag: geld.MustBetrag("45.00"), Grund: "Kleine Baustelle ohne Umleitung."}}}})
	require.NoError(h, err)
	kz, err = schema.Generate(nummer, 2026)
	require.NoError(h, err)
	teil, err = tab.Bescheidteil(e, gebuehr.Angaben{Vorgang: fmt.Sprintf("KI-%d", nummer), Kassenzeichen: kz, Bekanntgabe: datum.New(2026, 9, 19)})
	require.NoError(h, err)
	v, err := vorgang.New(system, h.jetzt, vorgang.Params{Mandant: kiel, Nummer: fmt.Sprintf("KI-%d", nummer), Leistung: "99108012001000", Einheit: "amt",
		Antrag: vorgang.Antrag{Antragsteller: vorgang.Antragsteller{Konto: "konto-1"}}}, h.Kontext())
	require.NoError(h, err)
	require.NoError(h, h.Insert(h.Context(), kiel, v))
	h.edit(v.ID(), func(v *vorgang.Vorgang) (err error) {
		if err := v.Pull(kim, h.jetzt); err != nil {
			return err
		}
		g, err = v.ChargeFee(kim, h.jetzt, vorgang.Festsetzung{Ergebnis: e, Kassenzeichen: kz, Faellig: teil.Zahlung.FaelligAm})
		return err
	})
	return v.ID(), g, teil, kz
}

func auszug(kz ...string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>M</MsgId><CreDtTm>2026-09-21T06:00:00</CreDtTm></GrpHdr><Stmt><Id>A-1</Id><CreDtTm>2026-09-21T06:00:00</CreDtTm><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id></Acct>`)
	for i, k := range kz {
		fmt.Fprintf(&b, `<Ntry><Amt Ccy="EUR">45.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-09-21</Dt></BookgDt><AcctSvcrRef>R-%d</AcctSvcrRef><NtryDtls><TxDtls><Amt Ccy="EUR">45.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><RmtInf><Ustrd>%s</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>`, i, k)
	}
	return b.String() + `</Stmt></BkToCstmrStmt></Document>`
}

func (h *haus) lies(kz ...string) []relayzahlung.Gebucht {
	_, us, err := camt.ReadAll(h.Context(), strings.NewReader(auszug(kz...)), nil)
	require.NoError(h, err)
	g, err := relayzahlung.Book(h.Context(), relayzahlung.Auszug{Store: h.Store, Mandant: kiel, Akteur: system, Schemata: []kassenzeichen.Schema{schema}, Umsaetze: us, Now: func() time.Time { return h.jetzt }})
	require.NoError(h, err)
	return g
}

// From the fee table over the letter with its GiroCode to the statement of account.
func TestPaidByTransfer(t *testing.T) {
	h := newHaus(t)
	id, g, teil, kz := h.fall(103070)
	d := ueberweisung.Zahlungsdaten{Empfaenger: "Stadtkasse Musterstadt", IBAN: "DE89370400440532013000", Betrag: teil.Zahlung.Betrag, Verwendungszweck: teil.Zahlung.Verwendungszweck, Faellig: teil.Zahlung.FaelligAm}
	giro, err := d.GiroCode()
	require.NoError(t, err)
	in := bescheid.Inhalt{Art: bescheid.Bewilligung, Betreff: "Anordnung", Tenor: []string{"Die Baustelle wird angeordnet."}, Gebuehr: teil.Text(), Begruendung: teil.Begruendung}
	b := bescheid.Bescheid{Inhalt: in, Pruefsumme: in.Pruefsumme(), FreigegebenAm: h.jetzt, Zeichner: deniz.Name}
	kopf := ausfertigung.Kopf{Mandant: &tenant.Mandant{Name: "Stadt Musterstadt"}, Nummer: "KI-103070", Bezahlen: &ausfertigung.Bezahlen{GiroCode: giro}}
	for _, z := range d.Zeilen() {
		kopf.Bezahlen.Angaben = append(kopf.Bezahlen.Angaben, pdf.Angabe{Name: z.Name, Wert: z.Wert})
	}
	setzer, err := ausfertigung.New(nil)
	require.NoError(t, err)
	var out bytes.Buffer
	_, err = setzer.Write(&out, kopf, b)
	require.NoError(t, err)
	require.NotZero(t, out.Len())

	v, err := h.Get(t.Context(), kiel, id)
	require.NoError(t, err)
	f, _ := v.Stand().Forderung(g)
	got, err := json.MarshalIndent(map[string]any{
		"schritte": v.Stand().Gebuehren[0].Schritte, "summe": f.Stand(datum.Von(h.jetzt)).Soll, "faellig": f.Faellig, "gebuehr": in.Gebuehr,
		"begruendung": in.Begruendung, "tafel": teil.Tafel, "ueberweisung": d.Zeilen(), "girocode": giro, "buerger": h.text(id),
	}, "", " ")
	require.NoError(t, err)
	golden := filepath.Join("testdata", "fall.golden.json")
	if *update {
		require.NoError(t, os.WriteFile(golden, append(got, '\n'), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got)+"\n")

	// Overdue by the clock: reminded, then paid with a statement that is read twice.
	mahnungen := zahlung.Mahntabelle{{Stufe: 1, Tage: 7, Zahlungsfrist: 14}}
	_, err = h.Edit(t.Context(), kiel, id, func(v *vorgang.Vorgang) error { return v.RemindFee(kim, h.jetzt, g, mahnungen) })
	require.Error(t, err, "not overdue")
	h.jetzt = f.Faellig.AddTage(8).Beginn()
	h.edit(id, func(v *vorgang.Vorgang) error { return v.RemindFee(kim, h.jetzt, g, mahnungen) })
	fremd, err := schema.Generate(999, 2026)
	require.NoError(t, err)
	r := h.lies(kz, fremd, "ohne Angabe")
	require.Equal(t, ueberweisung.Exakt, r[0].Befund)
	require.Equal(t, id, r[0].Vorgang)
	require.Equal(t, []bool{false, true, true}, []bool{r[0].Offen(), r[1].Offen(), r[2].Offen()})
	require.Equal(t, "Ihre Zahlung ist eingegangen.", h.text(id))
	v, err = h.Get(t.Context(), kiel, id)
	require.NoError(t, err)
	version := v.Version()
	require.Equal(t, ueberweisung.Doppelt, h.lies(kz, fremd, "ohne Angabe")[0].Befund)
	v, err = h.Get(t.Context(), kiel, id)
	require.NoError(t, err)
	require.Equal(t, version, v.Version(), "the same statement again books nothing")
	// Negative control: another movement is booked, as a surplus.
	require.Equal(t, ueberweisung.Ueber, h.lies("x", kz)[1].Befund)
	require.Contains(t, h.text(id), "Sie haben zu viel bezahlt. Sie bekommen 45,00 € zurück.")
}

// Through the payment service over its socket: its answer is lost after it placed the
// payment, and there is one payment, booked once.
func TestPaidOnline(t *testing.T) {
	h := newHaus(t)
	id, g, _, _ := h.fall(103071)
	var z string
	bestelle := func(v *vorgang.Vorgang) (err error) {
		z, err = v.OrderPayment(tenant.Akteur{ID: "konto-1", Art: tenant.Buerger, Rollen: []tenant.Rolle{tenant.RolleAntragsteller}}, h.jetzt, g, "https://portal.example/zurueck")
		return err
	}
	h.dienst.Stoere(xbezahldienstetest.NachAnlageHaengt)
	h.edit(id, bestelle)
	erste := z
	h.drain()
	h.edit(id, bestelle)
	require.Equal(t, erste, z, "no second payment beside an open one")
	h.jetzt = h.jetzt.Add(2 * time.Minute)
	h.drain()
	require.Equal(t, 1, h.dienst.Angelegt(z))
	v, err := h.Get(t.Context(), kiel, id)
	require.NoError(t, err)
	require.NotEmpty(t, v.Oeffentlich(h.jetzt).Zahlungen[0].URL)
	require.True(t, h.dienst.Setze(z, "PAYED"))
	require.Contains(t, h.text(id), "Bitte bezahlen Sie 45,00 €", "nobody has asked yet")
	for range 5 {
		h.jetzt = h.jetzt.Add(5 * time.Minute)
		h.drain()
	}
	require.Equal(t, "Ihre Zahlung ist eingegangen.", h.text(id))
	v, err = h.Get(t.Context(), kiel, id)
	require.NoError(t, err)
	require.Len(t, v.Stand().Gebuehren[0].Forderung.Bewegungen, 1)
	aufrufe := h.dienst.Aufrufe()
	h.jetzt = h.jetzt.AddDate(0, 1, 0)
	h.drain()
	require.Equal(t, aufrufe, h.dienst.Aufrufe(), "what is decided is not asked again")
}
