package buerger

import (
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/examples/rathaus/verfahren"
	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/ozgcloud"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// formularseite is what the page shows.
type formularseite struct {
	*verfahren.Verfahren
	Mandant *tenant.Mandant
	// Zustaendig decides; often the Mandant itself.
	Zustaendig *tenant.Mandant
	Eingaben   []eingabe
	Probleme   []problem
	// Kennung makes two clicks one application.
	Kennung  string
	MaxDatei int64
	Hoechst  int
}

// Falsch gives what is wrong with a control; empty is nothing.
func (s formularseite) Falsch(id string) string {
	if i := slices.IndexFunc(s.Probleme, func(p problem) bool { return p.ID == id }); i >= 0 {
		return s.Probleme[i].Text
	}
	return ""
}

// bestaetigung is what the citizen keeps.
type bestaetigung struct {
	Nummer, Code string
	Verfahren    *verfahren.Verfahren
}

func (b *Buerger) formularseite(r *http.Request) (formularseite, error) {
	m, err := b.mandant(r)
	v := b.p.Katalog.Find(r.PathValue("kurz"))
	if err != nil || v == nil {
		return formularseite{}, nichtDa
	}
	ziel, err := b.p.Katalog.Zustaendigkeiten.Route(v.Leistung, m.ARS, datum.Von(b.o.Now()))
	if err != nil {
		return formularseite{}, nichtDa
	}
	return formularseite{Verfahren: v, Mandant: m, Zustaendig: b.p.Katalog.Mandant(ziel.Mandant), Kennung: uuid.NewString(), MaxDatei: b.o.MaxDatei, Hoechst: b.o.MaxDateien}, nil
}

func (b *Buerger) formular(w http.ResponseWriter, r *http.Request) error {
	s, err := b.formularseite(r)
	if err != nil {
		return err
	}
	l := leser{still: true}
	_, s.Eingaben = l.lies(s.Felder, "", false)
	return b.zeige(w, r, Seite{Titel: s.Name, Mandant: s.Mandant}, "formular", s)
}

func (b *Buerger) sende(w http.ResponseWriter, r *http.Request) error {
	s, err := b.formularseite(r)
	if err != nil {
		return err
	}
	if err := b.liesForm(r); err != nil {
		return err
	}
	if id, err := uuid.Parse(r.PostFormValue("kennung")); err == nil {
		s.Kennung = id.String()
	}
	l := leser{form: r.PostForm}
	var daten map[string]any
	daten, s.Eingaben = l.lies(s.Felder, "", true)
	if r.PostFormValue("einverstanden") != "ja" {
		l.probleme = append(l.probleme, problem{"einverstanden", "Bitte bestätigen Sie, dass Ihre Angaben richtig sind."})
	}
	teile, falsch := b.teile(r, s.Unterlagen != "")
	s.Probleme = append(l.probleme, falsch...)
	status := http.StatusUnprocessableEntity
	if len(s.Probleme) == 0 {
		var antwort ozgcloud.Antwort
		antwort, err = b.p.Sender.Send(r.Context(), ozgcloud.Antrag{Control: s.Control(s.Kennung, "konto-"+s.Kennung, string(s.Mandant.ID)),
			FormData: verfahren.Items(s.Felder, daten), Attachments: teile})
		if err == nil {
			return b.angekommen(w, r, s, antwort)
		}
		for _, p := range fehler.ProblemeIn(err) {
			s.Probleme = append(s.Probleme, problem{"formular", p.Hinweis})
		}
		if len(s.Probleme) == 0 {
			b.o.Log.ErrorContext(r.Context(), "not sent", "error", err)
			status = http.StatusServiceUnavailable
			s.Probleme = []problem{{"formular", "Der Antrag konnte gerade nicht übermittelt werden. Ihre Angaben stehen noch unten. Bitte senden Sie ihn in einigen Minuten noch einmal."}}
		}
	}
	return b.zeige(w, r, Seite{Titel: "Fehler: " + s.Name, Mandant: s.Mandant, Status: status}, "formular", s)
}

// angekommen gives the citizen the code and opens the status page.
func (b *Buerger) angekommen(w http.ResponseWriter, r *http.Request, s formularseite, a ozgcloud.Antwort) error {
	x := sitzung{mandant: s.Zustaendig.ID, bestaetigt: &bestaetigung{Nummer: a.Vorgang.VorgangNummer, Verfahren: s.Verfahren}}
	if id, err := uuid.Parse(a.Vorgang.VorgangID); err == nil && a.Vorgang.Status != string(intake.Klaerung) {
		_, err := b.p.Store.Edit(r.Context(), x.mandant, id, func(v *vorgang.Vorgang) (err error) {
			x.bestaetigt.Code, err = v.IssueZugangscode(tenant.System("buergerportal"), b.o.Now())
			return err
		})
		if err == nil {
			x.vorgang = id
		} else { // it has arrived all the same
			b.o.Log.ErrorContext(r.Context(), "no code", "error", err)
			x.bestaetigt.Code = ""
		}
	}
	b.sitzungen.end(r)
	b.sitzungen.begin(w, x, b.o.TLS)
	http.Redirect(w, r, "/buerger/vorgang/fertig", http.StatusSeeOther)
	return nil
}

func (b *Buerger) fertig(w http.ResponseWriter, r *http.Request, x *sitzung) error {
	if x.bestaetigt == nil {
		http.Redirect(w, r, "/buerger/vorgang", http.StatusSeeOther)
		return nil
	}
	m := b.p.Katalog.Mandant(x.mandant)
	return b.zeige(w, r, Seite{Titel: "Ihr Antrag ist angekommen", Mandant: m}, "fertig", map[string]any{"B": x.bestaetigt, "Mandant": m})
}

// typen are what may be uploaded, by content; the name says nothing.
var typen = []string{"application/pdf", "image/png", "image/jpeg"}

// teile are the uploaded files, and what is wrong with them.
func (b *Buerger) teile(r *http.Request, erlaubt bool) (out []intake.Teil, falsch []problem) {
	var dateien []*multipart.FileHeader
	if r.MultipartForm != nil {
		dateien = r.MultipartForm.File["dateien"]
	}
	melde := func(text string) { falsch = append(falsch, problem{"dateien", text}) }
	if len(dateien) > b.o.MaxDateien || len(dateien) > 0 && !erlaubt {
		melde("Es sind zu viele Dateien: höchstens " + strconv.Itoa(b.o.MaxDateien) + ".")
		return nil, falsch
	}
	for _, d := range dateien {
		name := path.Base(strings.ReplaceAll(d.Filename, `\`, "/"))
		if d.Size > b.o.MaxDatei {
			melde("„" + name + "“ ist zu groß: höchstens " + groesse(b.o.MaxDatei) + ".")
			continue
		}
		typ, err := erkenne(d)
		if err != nil || d.Size == 0 || !slices.Contains(typen, typ) {
			melde("„" + name + "“ ist keine PDF-, PNG- oder JPEG-Datei. Bitte wählen Sie eine andere.")
			continue
		}
		out = append(out, intake.Teil{ID: uuid.New(), Name: name, MIME: typ, Zweck: vorgang.ZweckAnlage, Groesse: d.Size,
			Open: func(context.Context) (io.ReadCloser, error) { return d.Open() }})
	}
	return out, falsch
}

func erkenne(d *multipart.FileHeader) (string, error) {
	f, err := d.Open()
	if err != nil {
		return "", err
	}
	defer f.Close()
	kopf := make([]byte, 512)
	n, err := io.ReadFull(f, kopf)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", err
	}
	return http.DetectContentType(kopf[:n]), nil
}
