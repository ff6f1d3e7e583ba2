package buerger

import (
	"cmp"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf/code"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/ueberweisung"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// standseite is what the page shows: nothing internal.
type standseite struct {
	vorgang.Oeffentlich
	Mandant    *tenant.Mandant
	Einheit    string
	Schritte   []schritt
	Fragen     []messaging.Nachricht
	Eintraege  []messaging.Eintrag
	Rechnungen []rechnung
	Rueckziehbar, Testzahlung,
	Beschieden bool
	Gescheitert []problem
	CSRF        string
	MaxDatei    int64
	Hoechst     int
}

// schritt of the way, as one follows a parcel: "fertig", "jetzt" or "" for later.
type schritt struct{ Name, Text, Lage string }

// rechnung is a fee with what a transfer needs.
type rechnung struct {
	vorgang.OeffentlicheZahlung
	ID   uuid.UUID
	IBAN string
}

func (b *Buerger) anmelden(w http.ResponseWriter, r *http.Request) error {
	m, err := b.mandant(r)
	if err != nil {
		return err
	}
	return b.zeige(w, r, Seite{Titel: "Stand Ihres Antrags", Mandant: m}, "anmelden", map[string]any{"Mandant": m})
}

// keiner is what a number that does not exist is compared with, so that it takes as long.
var keiner = vorgang.Stand{Zugang: &vorgang.Zugang{Salz: make([]byte, vorgang.SalzBytes), Hash: make([]byte, 32)}}

// oeffne looks for number and code. Whichever is wrong, the answer is the same.
func (b *Buerger) oeffne(w http.ResponseWriter, r *http.Request) error {
	m, err := b.mandant(r)
	if err != nil {
		return err
	}
	if err := b.liesForm(r); err != nil {
		return err
	}
	nummer, geheim := strings.ToUpper(strings.TrimSpace(r.PostFormValue("nummer"))), r.PostFormValue("code")
	zeige := func(status int, text string) error {
		return b.zeige(w, r, Seite{Titel: "Fehler: Stand Ihres Antrags", Mandant: m, Status: status}, "anmelden", map[string]any{"Mandant": m, "Fehler": text, "Nummer": nummer})
	}
	if !b.o.Bremse.Allow("adresse/"+b.o.Adresse(r)) || !b.o.Bremse.Allow("nummer/"+string(m.ID)+"/"+nummer) {
		w.Header().Set("Retry-After", "600")
		return zeige(http.StatusTooManyRequests, "Das waren zu viele Versuche. Bitte warten Sie zehn Minuten.")
	}
	gefunden := keiner
	if nummer != "" && len(nummer) <= 100 {
		for v, err := range b.p.Store.Vorgaenge(r.Context(), m.ID, storage.PageParams{Filter: storage.Filter{Nummer: nummer}, Limit: 1}) {
			if err != nil {
				return err
			}
			if s := v.Stand(); s.Zugang != nil {
				gefunden = s
			}
		}
	}
	if !gefunden.OpensWith(geheim) || gefunden.ID == uuid.Nil {
		return zeige(http.StatusUnprocessableEntity, "Nummer und Code passen nicht zusammen. Bitte prüfen Sie beides.")
	}
	b.sitzungen.end(r)
	b.sitzungen.begin(w, sitzung{mandant: m.ID, vorgang: gefunden.ID}, b.o.TLS)
	http.Redirect(w, r, "/buerger/vorgang", http.StatusSeeOther)
	return nil
}

func (b *Buerger) abmelden(w http.ResponseWriter, r *http.Request, x *sitzung) error {
	b.sitzungen.end(r)
	http.Redirect(w, r, "/buerger/"+string(x.mandant), http.StatusSeeOther)
	return nil
}

func (b *Buerger) stand(w http.ResponseWriter, r *http.Request, x *sitzung) error {
	return b.zeigeStand(w, r, x, nil)
}

func (b *Buerger) zeigeStand(w http.ResponseWriter, r *http.Request, x *sitzung, falsch []problem) error {
	v, err := b.p.Store.Get(r.Context(), x.mandant, x.vorgang)
	if err != nil {
		return err
	}
	s, now := v.Stand(), b.o.Now()
	m := b.p.Katalog.Mandant(x.mandant)
	einheit, _ := m.Einheit(s.Einheit)
	d := standseite{Oeffentlich: v.Oeffentlich(now), Mandant: m, Einheit: einheit.Name, CSRF: x.csrf, Gescheitert: falsch, MaxDatei: b.o.MaxDatei, Hoechst: b.o.MaxDateien, Testzahlung: b.o.Testzahlung}
	d.Schritte = schritte(s, d.Oeffentlich)
	d.Rueckziehbar = s.Ruecknahme == nil && v.May(buerger(s), now, vorgang.BefehlAntragZurueckziehen) == nil
	for _, f := range s.Rueckfragen {
		if i := slices.IndexFunc(s.Nachrichten, func(n vorgang.Schriftstueck) bool { return n.Nachricht.ID == f.Nachricht }); f.Beantwortet.IsZero() && i >= 0 {
			d.Fragen = append(d.Fragen, s.Nachrichten[i].Nachricht)
		}
	}
	for _, g := range s.Gebuehren {
		if z, ok := s.Zahlungsseite(g.ID, datum.Von(now)); ok {
			d.Rechnungen = append(d.Rechnungen, rechnung{z, g.ID, b.p.Katalog.Gestaltung[m.ID].IBAN.Format()})
		}
	}
	if d.Eintraege, err = b.eintraege(r, s, true); err != nil {
		return err
	}
	slices.Reverse(d.Eintraege) // newest first
	status := http.StatusOK
	if len(falsch) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return b.zeige(w, r, Seite{Titel: d.Leistung + " " + d.Nummer, Mandant: m, Status: status}, "stand", d)
}

// eintraege are the letters in the mailbox; who sees them has read them.
func (b *Buerger) eintraege(r *http.Request, s vorgang.Stand, gelesen bool) (out []messaging.Eintrag, err error) {
	fach := b.p.Postfach.Postfach(s.Mandant, s.Antrag.Antragsteller.Konto)
	for e, err := range fach.All(r.Context()) {
		if err != nil {
			return nil, err
		}
		if e.Vorgang != s.ID {
			continue
		}
		if gelesen && e.Gelesen.IsZero() && e.Richtung == messaging.Ausgang {
			if _, err := fach.Read(r.Context(), e.ID); err != nil {
				return nil, err
			}
		}
		out = append(out, e)
	}
	return out, nil
}

func buerger(s vorgang.Stand) tenant.Akteur {
	return tenant.Akteur{ID: s.Antrag.Antragsteller.Konto, Art: tenant.Buerger, Rollen: []tenant.Rolle{tenant.RolleAntragsteller}}
}

// schritte are the way of the application, with where it stands.
func schritte(s vorgang.Stand, o vorgang.Oeffentlich) []schritt {
	out := []schritt{{Name: "Eingegangen", Text: "Ihr Antrag liegt uns vor."}, {Name: "In Bearbeitung"}, {Name: "Entschieden"}, {Name: "Abgeschlossen"}}
	n := map[vorgang.Status]int{vorgang.Neu: 0, vorgang.Angenommen: 0, vorgang.InBearbeitung: 1, vorgang.Beschieden: 2}
	jetzt, offen := n[s.Status]
	if !offen {
		jetzt = 3
	}
	for i := range out {
		switch {
		case i < jetzt || jetzt == 3:
			out[i].Lage = "fertig"
		case i == jetzt:
			out[i].Lage = "jetzt"
		}
	}
	out[jetzt].Text = o.Status
	switch {
	case len(o.Offen) > 0:
		out[jetzt].Text = "Wir warten auf Ihre Antwort."
	case o.Ruht:
		out[jetzt].Text = "Die Bearbeitung ruht, bis eine andere Sache geklärt ist."
	}
	return out
}

// edit gives a command on the Vorgang of the session.
func (b *Buerger) edit(w http.ResponseWriter, r *http.Request, x *sitzung, f func(v *vorgang.Vorgang) error) error {
	if _, err := b.p.Store.Edit(r.Context(), x.mandant, x.vorgang, f); err != nil {
		return err
	}
	http.Redirect(w, r, "/buerger/vorgang", http.StatusSeeOther)
	return nil
}

func (b *Buerger) antworte(w http.ResponseWriter, r *http.Request, x *sitzung) error {
	bezug, err := uuid.Parse(r.PostFormValue("bezug"))
	if err != nil {
		return nichtDa
	}
	text := strings.TrimSpace(strings.ToValidUTF8(r.PostFormValue("text"), ""))
	teile, falsch := b.teile(r, true)
	for i := range falsch { // there may be several questions on the page
		falsch[i].ID += "-" + bezug.String()
	}
	if len(text) > vorgang.MaxText/4 {
		falsch = append(falsch, problem{"text-" + bezug.String(), "Ihr Text ist zu lang."})
	} else if text == "" && len(teile) == 0 && len(falsch) == 0 {
		falsch = append(falsch, problem{"text-" + bezug.String(), "Bitte schreiben Sie einen Text oder wählen Sie eine Datei."})
	}
	if len(falsch) > 0 {
		return b.zeigeStand(w, r, x, falsch)
	}
	var dateien []vorgang.Datei
	for _, t := range teile {
		inhalt, err := t.Open(r.Context())
		if err != nil {
			return err
		}
		ref, err := b.p.Blobs.Put(r.Context(), x.mandant, inhalt)
		_ = inhalt.Close() // it was only read
		if err != nil {
			return err
		}
		dateien = append(dateien, vorgang.Datei{Anhang: messaging.Anhang{ID: t.ID, Name: t.Name, MIME: t.MIME, Groesse: ref.Groesse, SHA512: ref.SHA512}, Zweck: vorgang.ZweckAntwort})
	}
	return b.edit(w, r, x, func(v *vorgang.Vorgang) error {
		return v.Answer(buerger(v.Stand()), b.o.Now(), vorgang.Erwiderung{Bezug: bezug, Text: text, Dateien: dateien})
	})
}

func (b *Buerger) frageRuecknahme(w http.ResponseWriter, r *http.Request, x *sitzung) error {
	m := b.p.Katalog.Mandant(x.mandant)
	return b.zeige(w, r, Seite{Titel: "Antrag zurücknehmen", Mandant: m}, "ruecknahme", map[string]any{"CSRF": x.csrf})
}

func (b *Buerger) nimmZurueck(w http.ResponseWriter, r *http.Request, x *sitzung) error {
	if r.PostFormValue("sicher") != "ja" {
		m := b.p.Katalog.Mandant(x.mandant)
		return b.zeige(w, r, Seite{Titel: "Fehler: Antrag zurücknehmen", Mandant: m, Status: http.StatusUnprocessableEntity}, "ruecknahme",
			map[string]any{"CSRF": x.csrf, "Fehler": "Bitte bestätigen Sie, dass Sie den Antrag zurücknehmen wollen.", "Text": r.PostFormValue("text")})
	}
	return b.edit(w, r, x, func(v *vorgang.Vorgang) error {
		return v.WithdrawAntrag(buerger(v.Stand()), b.o.Now(), strings.ToValidUTF8(r.PostFormValue("text"), ""))
	})
}

// datei gives an attachment of a letter that lies in the mailbox, and no other file.
func (b *Buerger) datei(w http.ResponseWriter, r *http.Request, x *sitzung) error {
	v, err := b.p.Store.Get(r.Context(), x.mandant, x.vorgang)
	if err != nil {
		return err
	}
	es, err := b.eintraege(r, v.Stand(), false)
	if err != nil {
		return err
	}
	for _, e := range es {
		for _, a := range e.Nachricht.Anhaenge {
			if a.ID.String() != r.PathValue("id") {
				continue
			}
			f, err := b.p.Blobs.Open(r.Context(), x.mandant, blob.Ref{SHA512: a.SHA512, Groesse: a.Groesse})
			if err != nil {
				return err
			}
			defer f.Close()
			w.Header().Set("Content-Type", cmp.Or(a.MIME, "application/octet-stream"))
			w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": a.Name}))
			w.Header().Set("Content-Length", fmt.Sprint(a.Groesse))
			_, err = io.Copy(w, f)
			return err
		}
	}
	return nichtDa
}

// offen finds a fee of the Vorgang that is to be paid.
func (b *Buerger) offen(r *http.Request, x *sitzung, id string) (rechnung, vorgang.Stand, error) {
	v, err := b.p.Store.Get(r.Context(), x.mandant, x.vorgang)
	if err != nil {
		return rechnung{}, vorgang.Stand{}, err
	}
	s := v.Stand()
	for _, g := range s.Gebuehren {
		z, ok := s.Zahlungsseite(g.ID, datum.Von(b.o.Now()))
		if ok && z.Betrag > 0 && g.ID.String() == id {
			return rechnung{z, g.ID, b.p.Katalog.Gestaltung[x.mandant].IBAN.Format()}, s, nil
		}
	}
	return rechnung{}, s, nichtDa
}

// zahle books a payment nobody made: only in a demo, and the journal says so.
func (b *Buerger) zahle(w http.ResponseWriter, r *http.Request, x *sitzung) error {
	re, _, err := b.offen(r, x, r.PostFormValue("gebuehr"))
	if err != nil || !b.o.Testzahlung {
		return cmp.Or(err, error(nichtDa))
	}
	return b.edit(w, r, x, func(v *vorgang.Vorgang) error {
		return v.RecordZahlung(tenant.System("testkasse"), b.o.Now(), vorgang.Buchung{Gebuehr: re.ID, Schluessel: "test:" + re.ID.String(), Betrag: re.Betrag, Grund: "Testzahlung der Vorführung, kein Geld"})
	})
}

// girocode draws the code a banking app reads.
func (b *Buerger) girocode(w http.ResponseWriter, r *http.Request, x *sitzung) error {
	re, _, err := b.offen(r, x, r.PathValue("id"))
	if err != nil {
		return err
	}
	text, err := ueberweisung.Zahlungsdaten{Empfaenger: b.p.Katalog.Mandant(x.mandant).Name, IBAN: b.p.Katalog.Gestaltung[x.mandant].IBAN, Betrag: re.Betrag, Verwendungszweck: re.Kassenzeichen}.GiroCode()
	if err != nil {
		return err
	}
	felder, err := code.QR(text)
	if err != nil {
		return err
	}
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-4 -4 %d %[1]d" shape-rendering="crispEdges"><path fill="#fff" d="M-4-4h%[1]dv%[1]dh-%[1]dz"/><path d="`, len(felder)+8)
	for y, zeile := range felder {
		for x, schwarz := range zeile {
			if schwarz {
				fmt.Fprintf(&out, "M%d %dh1v1h-1z", x, y)
			}
		}
	}
	out.WriteString(`"/></svg>`)
	w.Header().Set("Content-Type", "image/svg+xml")
	_, err = io.WriteString(w, out.String())
	return err
}
