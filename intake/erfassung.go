package intake

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// The channels of an Erfassung.
const (
	KanalPapier   = "papier"   // a letter, opened and scanned
	KanalSchalter = "schalter" // spoken or handed over at the counter
)

// Erfassung is an application that a clerk enters: at the counter, or of paper.
type Erfassung struct {
	// Akteur enters it: a person with the role Poststelle or Sachbearbeitung. Its
	// Mandant is the authority that received the application.
	Akteur tenant.Akteur
	// Kanal is KanalPapier or KanalSchalter.
	Kanal string
	// Kennung is the key of this application within Mandant and Kanal: the barcode
	// on the sheet, or a UUID the form on the screen was opened with. The same one
	// is the same Vorgang, however often it is sent. Mandatory, at most 200 bytes.
	Kennung string
	// Eingang is the day the authority received it; periods run from it, not from
	// the day of entry. Mandatory for paper; at the counter the default is today.
	Eingang datum.Datum
	// GestelltAm is the date on the application, if it has one.
	GestelltAm datum.Datum
	Leistung   tenant.Leistungsschluessel
	// Ort decides about the competence; default the seat of the Mandant.
	Ort tenant.ARS
	// Antragsteller with a Name; the rest as far as it is known.
	Antragsteller vorgang.Antragsteller
	// Felder are what the clerk typed. Names are unique within their group.
	Felder []vorgang.Feld
	// Dateien are the scan and what came with it; kept byte for byte.
	Dateien []ErfassteDatei
	// Referenz is a number the applicant knows.
	Referenz string
}

// ErfassteDatei is one file of an Erfassung.
type ErfassteDatei struct {
	Name string
	// MIME as the scanner says; the content decides.
	MIME string
	// Zweck; default vorgang.ZweckAnlage. The scan of the application itself is
	// vorgang.ZweckOriginal.
	Zweck vorgang.Zweck
	// Inhalt is read once, to the end, and not closed.
	Inhalt io.Reader
}

// Erfasst is who entered a Lieferung by hand, and when.
type Erfasst struct {
	Akteur tenant.Akteur `json:"akteur"`
	Am     time.Time     `json:"am"`
}

// ErfassungOptions of [Annahme.Erfassen]; nil means the defaults.
type ErfassungOptions struct {
	// WarnTage is how many days after its receipt the entry of an application is
	// late; default 30, negative never.
	WarnTage int
}

// ErfassungErgebnis is the answer of [Annahme.Erfassen].
type ErfassungErgebnis struct {
	// Ergebnis is Angenommen or Klaerung. Its Mandant is another one than the
	// Akteur's when the application belongs to another authority.
	Ergebnis
	// Hinweise for the clerk that stop nothing: received long ago
	// ("erfassung.eingang-alt"), paper without a file ("erfassung.ohne-datei").
	Hinweise fehler.Probleme
}

// Erfassen takes an application that a clerk enters through the pipeline of
// [Annahme.Receive]: the same routing, register and Klaerfach, the same promise that
// it is durable when there is no error. The Vorgang is received on the day of
// Eingang; who entered it and when stands in the journal (in the own Mandant), in
// the register and in the file "erfassung.json" of the Vorgang.
//
// Where Leistung and Ort lead to another Mandant, it gets the application like any
// delivery. What cannot be routed, or has a file of a type that is not taken, lies
// in the Klaerfach of the Betreiber.
//
// Without the right it is fehler.ErrForbidden. What the clerk can mend is
// fehler.ErrInvalid with all fehler.Probleme, and nothing is kept: the clerk still
// has the paper. A Kennung that was used for something else is fehler.ErrConflict.
// Any other error decided nothing; the same call again, with the files from their
// beginning, continues. Files lie with the Mandant of the Akteur while they are
// judged.
func (a *Annahme) Erfassen(ctx context.Context, e Erfassung, o *ErfassungOptions) (ErfassungErgebnis, error) {
	const op = "intake.Erfassen"
	if e.Akteur.Art != tenant.Person || e.Akteur.ID == "" || e.Akteur.Mandant == "" || !e.Akteur.Hat(tenant.Poststelle, tenant.Sachbearbeitung) {
		return ErfassungErgebnis{}, fehler.New(op, "", fehler.ErrForbidden, fehler.Probleme{{Code: "erfassung.recht", Pfad: "/akteur",
			Meldung: "needs a person with role poststelle or sachbearbeitung", Hinweis: "Für das Erfassen von Anträgen fehlt Ihnen die Berechtigung."}})
	}
	m, err := a.p.Mandanten.Mandant(ctx, e.Akteur.Mandant)
	if err != nil {
		return ErfassungErgebnis{}, err
	}
	now := a.o.Now().UTC().Truncate(time.Microsecond)
	heute := datum.Von(now)
	if e.Eingang.IsZero() && e.Kanal == KanalSchalter {
		e.Eingang = heute
	}
	if e.Ort == "" {
		e.Ort = m.ARS
	}
	p := e.pruefe(heute)
	b, q, err := e.daten()
	if err != nil {
		return ErfassungErgebnis{}, err
	}
	if p = append(p, q...); int64(len(b)) > a.limits.Fachdaten {
		p = append(p, fehler.Problem{Code: "intake.fachdaten-zu-gross", Pfad: "/felder",
			Meldung: fmt.Sprintf("larger than %d bytes", a.limits.Fachdaten), Hinweis: "Die Formulardaten sind zu groß."})
	}
	if n := len(e.Dateien); n > a.limits.Dateien {
		p = append(p, fehler.Problem{Code: "intake.zu-viele-dateien", Pfad: "/dateien", Meldung: fmt.Sprintf("%d files, %d allowed", n, a.limits.Dateien),
			Hinweis: fmt.Sprintf("Der Antrag enthält %d Dateien; erlaubt sind %d.", n, a.limits.Dateien)})
	}
	if len(p) > 0 { // before a file is read
		return ErfassungErgebnis{}, fehler.New(op, "", fehler.ErrInvalid, p)
	}
	l := e.lieferung(now, b)
	if l.Dateien, err = a.einlesen(ctx, m.ID, e.Dateien); err != nil {
		if p := fehler.ProblemeIn(err); p != nil {
			err = fehler.New(op, l.Schluessel(), fehler.ErrInvalid, p)
		}
		return ErfassungErgebnis{}, err
	}
	r, err := a.Receive(ctx, l)
	if err != nil {
		return ErfassungErgebnis{}, err
	}
	if err := a.dieselbe(ctx, op, l); err != nil {
		return ErfassungErgebnis{}, err
	}
	return ErfassungErgebnis{Ergebnis: r, Hinweise: e.hinweise(heute, o)}, nil
}

// pruefe gives what is wrong with the entry itself.
func (e *Erfassung) pruefe(heute datum.Datum) (p fehler.Probleme) {
	add := func(falsch bool, code, pfad, meldung, hinweis string) {
		if falsch {
			p = append(p, fehler.Problem{Code: "erfassung." + code, Pfad: pfad, Meldung: meldung, Hinweis: hinweis})
		}
	}
	add(e.Kanal != KanalPapier && e.Kanal != KanalSchalter, "kanal", "/kanal", "neither papier nor schalter", "Bitte angeben, ob der Antrag auf Papier oder am Schalter einging.")
	add(e.Kennung == "" || len(e.Kennung) > 200 || !lesbar(e.Kennung), "kennung", "/kennung", "missing, longer than 200 bytes or with control characters", "Die Kennung der Erfassung fehlt oder ist unzulässig.")
	add(e.Eingang.IsZero(), "eingang-fehlt", "/eingang", "missing", "Bitte das Datum des Eingangsstempels angeben.")
	add(e.Eingang.Nach(heute), "eingang-zukunft", "/eingang", "lies in the future", "Das Eingangsdatum liegt in der Zukunft. Bitte den Eingangsstempel prüfen.")
	add(e.GestelltAm.Nach(heute), "gestellt-zukunft", "/gestelltAm", "lies in the future", "Das Datum des Antrags liegt in der Zukunft.")
	add(e.Leistung == "", "leistung-fehlt", "/leistung", "missing", "Bitte die Leistung wählen, um die es geht.")
	add(e.Antragsteller.Name == "", "antragsteller-fehlt", "/antragsteller/name", "missing", "Bitte den Namen der antragstellenden Person angeben.")
	if _, err := tenant.ParseLeistung(string(e.Leistung)); err != nil && e.Leistung != "" {
		p = append(p, unter("/leistung", err)...)
	}
	if _, err := tenant.ParseARS(string(e.Ort)); err != nil {
		p = append(p, unter("/ort", err)...)
	}
	for i, d := range e.Dateien {
		add(d.Inhalt == nil, "datei-leer", fmt.Sprintf("/dateien/%d", i), "no content", "Eine Datei ist leer.")
	}
	return p
}

func unter(pfad string, err error) fehler.Probleme {
	p := slices.Clone(fehler.ProblemeIn(err))
	for i := range p {
		p[i].Pfad = pfad + p[i].Pfad
	}
	return p
}

func (e *Erfassung) hinweise(heute datum.Datum, o *ErfassungOptions) (p fehler.Probleme) {
	tage := 30
	if o != nil && o.WarnTage != 0 {
		tage = o.WarnTage
	}
	if n := e.Eingang.TageBis(heute); tage >= 0 && n > tage {
		p = append(p, fehler.Problem{Code: "erfassung.eingang-alt", Pfad: "/eingang", Meldung: fmt.Sprintf("received %d days before the entry", n),
			Hinweis: fmt.Sprintf("Der Antrag ging schon vor %d Tagen ein. Die Fristen laufen seit dem %s.", n, e.Eingang.Deutsch())})
	}
	if e.Kanal == KanalPapier && len(e.Dateien) == 0 {
		p = append(p, fehler.Problem{Code: "erfassung.ohne-datei", Pfad: "/dateien", Meldung: "paper without a scan",
			Hinweis: "Zum Antrag auf Papier wurde kein Scan abgelegt. Das Original bitte aufbewahren."})
	}
	return p
}

// lieferung makes of the entry what a channel delivers.
func (e *Erfassung) lieferung(now time.Time, daten []byte) Lieferung {
	// The units of a clerk limit what is seen, not what may be put into the stack of another.
	wer := e.Akteur
	wer.Einheiten, wer.Rollen = nil, slices.Clone(wer.Rollen)
	nachweis, _ := json.Marshal(struct { // strings and dates only
		Kanal   string      `json:"kanal"`
		Kennung string      `json:"kennung"`
		Eingang datum.Datum `json:"eingang"`
		Mandant tenant.ID   `json:"mandant"`
		Erfasst time.Time   `json:"erfasst"`
		Von     string      `json:"von"`
		Name    string      `json:"name,omitempty"`
		Fuer    string      `json:"vertretungFuer,omitempty"`
	}{e.Kanal, e.Kennung, e.Eingang, wer.Mandant, now, wer.ID, wer.Name, wer.VertretungFuer})
	return Lieferung{
		Kanal: e.Kanal, Kennung: string(wer.Mandant) + "/" + e.Kennung, Eingang: e.Eingang.Beginn(),
		Leistung: string(e.Leistung), Ort: string(e.Ort), Schema: SchemaErfassung, Referenz: e.Referenz, GestelltAm: e.GestelltAm,
		Fachdaten: Bytes(uuid.Nil, "antrag.json", "application/json", vorgang.ZweckOriginal, daten),
		Nachweise: []Teil{Bytes(uuid.Nil, "erfassung.json", "application/json", vorgang.ZweckNachweis, nachweis)},
		Konto:     e.Antragsteller.Konto, Adressen: e.Antragsteller.Adressen, DigitalerBescheid: e.Antragsteller.DigitalerBescheid,
		Erfasst: &Erfasst{Akteur: wer, Am: now},
	}
}

// einlesen puts the files where they can be opened as often as needed; no more of
// them is read than may come.
func (a *Annahme) einlesen(ctx context.Context, m tenant.ID, dateien []ErfassteDatei) ([]Teil, error) {
	var out []Teil
	rest := a.limits.Gesamt
	for i, d := range dateien {
		pfad := fmt.Sprintf("/dateien/%d", i)
		ref, err := a.p.Blobs.Put(ctx, m, io.LimitReader(d.Inhalt, min(a.limits.Datei, rest)+1))
		switch {
		case err != nil:
			return nil, err
		case ref.Groesse == 0:
			return nil, fehler.Probleme{{Code: "erfassung.datei-leer", Pfad: pfad, Meldung: "no content", Hinweis: "Eine Datei ist leer."}}
		case ref.Groesse > a.limits.Datei:
			return nil, fehler.Probleme{{Code: "intake.datei-zu-gross", Pfad: pfad, Meldung: fmt.Sprintf("larger than %d bytes", a.limits.Datei),
				Hinweis: fmt.Sprintf("Eine Datei ist größer als %d MB.", a.limits.Datei>>20)}}
		case ref.Groesse > rest:
			return nil, fehler.Probleme{{Code: "intake.gesamt-zu-gross", Pfad: "/dateien", Meldung: fmt.Sprintf("more than %d bytes in all", a.limits.Gesamt),
				Hinweis: fmt.Sprintf("Alle Dateien zusammen sind größer als %d MB.", a.limits.Gesamt>>20)}}
		}
		rest -= ref.Groesse
		zweck := d.Zweck
		if zweck == "" {
			zweck = vorgang.ZweckAnlage
		}
		out = append(out, Teil{Name: d.Name, MIME: d.MIME, Zweck: zweck, Groesse: ref.Groesse, SHA512: ref.SHA512, Open: a.opener(m, ref)})
	}
	return out, nil
}

func (a *Annahme) opener(m tenant.ID, ref blob.Ref) func(context.Context) (io.ReadCloser, error) {
	return func(ctx context.Context) (io.ReadCloser, error) { return a.p.Blobs.Open(ctx, m, ref) }
}

// dieselbe: what lies in the register under the key is what was entered now. A
// sheet whose barcode was used before must not vanish behind the other one.
func (a *Annahme) dieselbe(ctx context.Context, op string, l Lieferung) error {
	row, err := a.known(ctx, l.Schluessel())
	if err != nil {
		return err
	}
	var k akte
	if row == nil || json.Unmarshal(row.Daten, &k) != nil {
		return fehler.New(op, l.Schluessel(), fehler.ErrUnavailable, errors.New("the register does not hold the entry"))
	}
	r, err := l.Fachdaten.open(ctx)
	if err != nil {
		return err
	}
	b, err := io.ReadAll(r)
	if err = errors.Join(err, r.Close()); err != nil {
		return err
	}
	sum := sha512.Sum512(b)
	gleich := k.Lieferung.Fachdaten.SHA512 == hex.EncodeToString(sum[:]) &&
		slices.EqualFunc(k.Lieferung.Dateien, l.Dateien, func(x, y Teil) bool { return x.SHA512 == y.SHA512 })
	if !gleich {
		return fehler.New(op, l.Schluessel(), fehler.ErrConflict, fehler.Probleme{{Code: "erfassung.kennung-vergeben", Pfad: "/kennung",
			Meldung: "the key belongs to another application", Hinweis: "Unter dieser Kennung wurde schon ein anderer Antrag erfasst. Bitte eine neue Kennung vergeben."}})
	}
	return nil
}
