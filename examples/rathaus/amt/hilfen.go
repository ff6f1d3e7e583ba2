package amt

import (
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/examples/rathaus/web"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

//go:embed all:templates static
var dateien embed.FS

// rahmen is what the frame shows around every page.
type rahmen struct {
	Titel   string
	Pfad    string
	Akteur  tenant.Akteur
	Mandant *tenant.Mandant
	CSRF    string
	Hinweis string
	// Zurueck: what was distributed last can be taken back.
	Zurueck bool
	// Einmal is the key of the forms on this page: the same one is done once.
	Einmal string
	Heute  datum.Datum
	Look   Gestaltung
	Punkte []punkt
	D      any
}

// punkt is one entry of the navigation.
type punkt struct {
	Text, Ziel string
	Hier       bool
}

// seite shows a page.
func (x *anfrage) seite(name, titel string, daten any) error {
	return x.zeige(http.StatusOK, name, titel, daten)
}

func (x *anfrage) zeige(status int, name, titel string, daten any) error {
	r := rahmen{Titel: titel, Pfad: x.URL.Path, D: daten, Mandant: x.m, Akteur: x.akteur, Heute: datum.Von(x.now), Einmal: uuid.NewString()}
	if x.sitzung != nil && x.m != nil {
		r.CSRF = x.sitzung.CSRF
		if x.Header.Get("X-Von-Selbst") == "" {
			r.Hinweis, r.Zurueck = x.a.o.Sitzungen.TakeHinweis(x.sitzung)
		}
		r.Punkte, r.Look = x.navigation(), x.a.aussehen(x.Context(), x.m.ID)
	}
	return x.a.seiten.Write(x.w, status, name, r)
}

func (x *anfrage) navigation() (out []punkt) {
	for _, p := range []struct {
		text, ziel string
		rollen     []tenant.Rolle
		wenn       bool
	}{
		{"Arbeitsvorrat", "/vorgaenge", lesend, true},
		{"Fristen", "/fristen", lesend, true},
		{"Wiedervorlagen", "/wiedervorlagen", handelnd, true},
		{"Klärfach", "/klaerfach", klaerend, x.akteur.Mandant == x.a.Betreiber},
		{"Löschung", "/loeschung", loeschend, true},
		{"Verwaltung", "/verwaltung", leitend, true},
	} {
		if p.wenn && x.akteur.Hat(p.rollen...) {
			out = append(out, punkt{p.text, p.ziel, x.URL.Path == p.ziel || strings.HasPrefix(x.URL.Path, p.ziel+"/") || p.ziel == "/vorgaenge" && strings.HasPrefix(x.URL.Path, "/vorgang/")})
		}
	}
	return out
}

// weiter leads to another page with a sentence on it.
func (x *anfrage) weiter(ziel, hinweis string) error {
	if hinweis != "" {
		x.a.o.Sitzungen.SetHinweis(x.sitzung, hinweis, nil)
	}
	http.Redirect(x.w, x.Request, ziel, http.StatusSeeOther)
	return nil
}

// ampel is a deadline as text and colour.
type ampel struct{ Stufe, Text string }

// amp: red is over or today, amber a week, green later.
func amp(frist, heute datum.Datum) ampel {
	switch n := heute.TageBis(frist); {
	case frist.IsZero():
		return ampel{}
	case n < -1:
		return ampel{"rot", fmt.Sprintf("seit %d Tagen überfällig", -n)}
	case n == -1:
		return ampel{"rot", "seit gestern überfällig"}
	case n == 0:
		return ampel{"rot", "heute"}
	case n == 1:
		return ampel{"gelb", "morgen"}
	case n <= 7:
		return ampel{"gelb", fmt.Sprintf("in %d Tagen", n)}
	default:
		return ampel{"gruen", fmt.Sprintf("in %d Tagen", n)}
	}
}

// wer gives the name of somebody by id, as far as this house knows it.
func (a *Amt) wer(id string) string {
	if n := a.namen[id]; n != "" {
		return n
	}
	switch {
	case id == "":
		return "niemand"
	case strings.HasPrefix(id, "system:"):
		return "Automatisch"
	case strings.Contains(id, "-") || len(id) > 20:
		return "Antragsteller"
	}
	return id
}

var rollenNamen = map[tenant.Rolle]string{
	tenant.Poststelle: "Poststelle", tenant.Sachbearbeitung: "Sachbearbeitung", tenant.Leitung: "Leitung", tenant.Schlusszeichnung: "Schlusszeichnung",
	tenant.Loeschberechtigt: "Löschung", tenant.Auskunft: "Auskunft", tenant.Administration: "Administration",
}

func rolle(r tenant.Rolle) string { return rollenNamen[r] }

func rollen(rs []tenant.Rolle) string {
	var s []string
	for _, r := range rs {
		s = append(s, rolle(r))
	}
	return strings.Join(s, ", ")
}

// worte are codes of the library as a clerk reads them.
var worte = map[string]string{
	"positiv": "keine Bedenken", "negativ": "Bedenken", "nicht_betroffen": "nicht betroffen", "forderung": "Zustimmung mit Forderung", "unbekannt": "nicht bekannt",
	"angefragt": "wartet auf Antwort", "beantwortet": "beantwortet", "nachgefordert": "noch einmal gefragt", "abgebrochen": "verzichtet", "geprueft": "ausgewertet",
	"lesen": "lesen", "kommentieren": "lesen und kommentieren", "bearbeiten": "bearbeiten",
	"entwurf": "Entwurf", "zur_freigabe": "zur Freigabe vorgelegt", "freigegeben": "freigegeben", "ausgefertigt": "ausgefertigt", "versandt": "versandt",
	"bekanntgegeben": "bekanntgegeben", "bestandskraeftig": "bestandskräftig",
	"bewilligung": "Bewilligung", "teilbewilligung": "Teilbewilligung", "ablehnung": "Ablehnung", "aenderung": "Änderung", "widerruf": "Widerruf", "ruecknahme": "Rücknahme",
	"unvollstaendig": "Es fehlt etwas", "vollstaendig": "Vollständig; eine Person entscheidet", "person": "Eine Person muss entscheiden", "standardfall": "Standardfall: alle Regeln erfüllt",
	"wahr": "erfüllt", "falsch": "nicht erfüllt", "fehler": "keine Antwort", "gesendet": "an die E-Akte gesendet", "empfangen": "von der E-Akte empfangen",
	"teilweise": "teilweise übernommen", "abgelehnt": "abgelehnt", "archiviert": "in der E-Akte abgelegt", "uebergeben": "an das Postfach übergeben", "bereitgestellt": "liegt im Postfach", "abgeholt": "abgeholt", "gelesen": "gelesen", "fehlgeschlagen": "fehlgeschlagen", "offen": "offen",
	"beschieden": "Es ist entschieden", "antragsruecknahme": "Der Antrag wurde zurückgenommen", "erledigung": "Die Sache hat sich erledigt",
	"anzeige_ohne_bescheid": "Anzeige, die keinen Bescheid braucht", "genehmigungsfiktion": "Die Genehmigung gilt als erteilt", "weitergeleitet": "Weitergeleitet",
	"papier": "Brief", "schalter": "Schalter", "ozgcloud": "Onlineformular", "fitconnect": "FIT-Connect", "portal": "Postfach", "brief": "Brief",
}

func wort(c any) string {
	s := fmt.Sprint(c)
	if w, ok := worte[s]; ok {
		return w
	}
	return s
}

func (a *Amt) funktionen() template.FuncMap {
	version := web.Abdruck(dateien, "static/stil.css") + web.Abdruck(dateien, "static/app.js")
	return template.FuncMap{
		"version": func() string { return version },
		"zeit":    func(t time.Time) string { return t.In(datum.Berlin()).Format("02.01.2006, 15:04") },
		"tag":     func(t time.Time) string { return datum.Von(t).Deutsch() },
		"iso":     func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"ampel":   amp,
		"wer":     a.wer,
		"behoerde": func(m tenant.ID) string {
			if x := a.mandanten[m]; x != nil {
				return x.Name
			}
			return string(m)
		},
		"rolle": rolle, "rollen": rollen, "wort": wort,
		"absaetze": func(s string) []string { return strings.Split(strings.TrimSpace(s), "\n") },
		"groesse":  groesse,
		"leer":     func(id uuid.UUID) bool { return id == uuid.Nil },
		"umgekehrt": func(s []eintrag) []eintrag {
			s = slices.Clone(s)
			slices.Reverse(s)
			return s
		},
	}
}

func groesse(n int64) string {
	switch {
	case n >= 1<<20:
		return strings.Replace(fmt.Sprintf("%.1f MB", float64(n)/(1<<20)), ".", ",", 1)
	case n >= 1<<10:
		return fmt.Sprintf("%d KB", n>>10)
	}
	return fmt.Sprintf("%d Byte", n)
}

// text reads a field of the form.
func (x *anfrage) text(name string) string { return strings.TrimSpace(x.PostFormValue(name)) }

// datum reads a day of the form; zero if it is empty.
func (x *anfrage) datum(name string) (datum.Datum, error) {
	s := x.text(name)
	if s == "" {
		return datum.Datum{}, nil
	}
	d, err := datum.Parse(s)
	if err != nil {
		return d, falsch("/"+name, "Bitte geben Sie ein Datum an.")
	}
	return d, nil
}

// kennung reads an id from path or form.
func (x *anfrage) kennung(name string) (uuid.UUID, error) {
	s := x.PathValue(name)
	if s == "" {
		s = x.text(name)
	}
	id, err := uuid.Parse(s)
	if err != nil {
		return id, nichtGefunden
	}
	return id, nil
}

func falsch(pfad, hinweis string) error {
	return fehler.Probleme{{Code: "rathaus.eingabe", Pfad: pfad, Meldung: "input refused", Hinweis: hinweis}}
}
