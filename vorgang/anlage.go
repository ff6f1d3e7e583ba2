package vorgang

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// MaxDateien of one Vorgang that people add by hand.
const MaxDateien = 10_000

func (d *Datei) kennung() uuid.UUID { return d.ID }

// AddDatei adds a file that a person of an authority brings: a scan, a report. The
// bytes lie in the blob storage already. A file without ID gets a new one; the id is
// given back. The ID of another file is fehler.ErrExists.
func (v *Vorgang) AddDatei(a tenant.Akteur, now time.Time, d Datei) (uuid.UUID, error) {
	const op = "AddDatei"
	if err := v.check(op, a, now, BefehlAnlageHinzufuegen); err != nil {
		return uuid.Nil, err
	}
	return v.addDatei(op, a, now, BefehlAnlageHinzufuegen, d, uuid.Nil)
}

// ReplaceDatei adds a new version of a file; the old one stays and is shown as
// replaced. Only the newest version is replaced, else it is fehler.ErrConflict. What
// was received or sent as it is (the original, a Bescheid, a proof) is never replaced:
// fehler.ErrInvalid.
func (v *Vorgang) ReplaceDatei(a tenant.Akteur, now time.Time, alt uuid.UUID, d Datei) (uuid.UUID, error) {
	const op = "ReplaceDatei"
	if err := v.check(op, a, now, BefehlAnlageErsetzen); err != nil {
		return uuid.Nil, err
	}
	war, ok := v.s.Datei(alt)
	if !ok {
		return uuid.Nil, v.fail(op, fehler.ErrNotFound, problem("vorgang.datei", "/dateien", "the Vorgang has no such file", "Diese Datei gibt es im Vorgang nicht."))
	}
	if war.Zweck != ZweckAnlage && war.Zweck != ZweckAntwort {
		return uuid.Nil, v.fail(op, fehler.ErrInvalid, problem("anlage.unveraenderlich", "/dateien/"+alt.String(),
			"a file of this kind is never replaced", "Diese Datei bleibt, wie sie einging oder hinausging. Bitte eine neue hinzufügen."))
	}
	if slices.ContainsFunc(v.s.Dateien, func(x Datei) bool { return x.Ersetzt == alt }) {
		return uuid.Nil, v.fail(op, fehler.ErrConflict, problem("anlage.ersetzt", "/dateien/"+alt.String(),
			"is replaced already", "Von dieser Datei gibt es schon eine neuere Fassung."))
	}
	d.Zweck = war.Zweck
	return v.addDatei(op, a, now, BefehlAnlageErsetzen, d, alt)
}

func (v *Vorgang) addDatei(op string, a tenant.Akteur, now time.Time, b Befehl, d Datei, alt uuid.UUID) (uuid.UUID, error) {
	if err := v.needText(op, "/name", d.Name, "Bitte den Namen der Datei angeben."); err != nil {
		return uuid.Nil, err
	}
	if d.SHA512 == "" {
		return uuid.Nil, v.fail(op, fehler.ErrInvalid, problem("anlage.pruefsumme", "/sha512", "the checksum is missing", "Die Datei wurde nicht gespeichert. Bitte noch einmal hochladen."))
	}
	if d.ID == uuid.Nil {
		d.ID = v.k.NewID()
	} else if _, ok := v.s.Datei(d.ID); ok {
		return uuid.Nil, v.fail(op, fehler.ErrExists, problem("anlage.id", "/id", "is the id of another file", "Diese Datei gibt es schon."))
	}
	if len(v.s.Dateien) >= MaxDateien {
		return uuid.Nil, v.fail(op, fehler.ErrInvalid, problem("anlage.zu-viele", "/dateien", "too many files", "Der Vorgang hat zu viele Dateien."))
	}
	if d.Zweck == "" {
		d.Zweck = ZweckAnlage
	}
	d.Herkunft, d.Hinzugefuegt, d.Ersetzt = a.ID, v.zeitpunkt(now), alt
	reihe := d.ID
	if alt != uuid.Nil {
		reihe = v.s.Fassungen(alt)[0].ID
	}
	return d.ID, v.record(a, now, &AnlageHinzugefuegt{Wechsel: wechsel(b, nil, &d), Reihe: reihe})
}

// AktuelleDateien are the files without those of which there is a newer version.
func (s Stand) AktuelleDateien() []Datei {
	alt := map[uuid.UUID]bool{}
	for _, d := range s.Dateien {
		alt[d.Ersetzt] = true
	}
	return slices.DeleteFunc(slices.Clone(s.Dateien), func(d Datei) bool { return alt[d.ID] })
}

// Fassungen are the versions of a file from the first to the given one; nil if there
// is no such file.
func (s Stand) Fassungen(id uuid.UUID) []Datei {
	var out []Datei
	for id != uuid.Nil && len(out) <= len(s.Dateien) {
		d, ok := s.Datei(id)
		if !ok {
			break
		}
		out = append(out, d)
		id = d.Ersetzt
	}
	slices.Reverse(out)
	return out
}

// AnlageHinzugefuegt adds a file or a new version of one (anlage.hinzugefuegt). Reihe is
// the id of the first version.
type AnlageHinzugefuegt struct {
	Wechsel[Datei]
	Reihe uuid.UUID `json:"reihe"`
}

func (*AnlageHinzugefuegt) code() Code { return "anlage.hinzugefuegt" }

func (d *AnlageHinzugefuegt) apply(s *Stand, _ *Ereignis) { s.Dateien = wechsle(s.Dateien, d.Wechsel) }

// A version builds on those before it.
func (d *AnlageHinzugefuegt) gegenstand() string { return "datei/" + d.Reihe.String() }

func (d *AnlageHinzugefuegt) umkehren() (Befehl, daten) {
	return d.Befehl, &AnlageHinzugefuegt{Wechsel: d.zurueck(), Reihe: d.Reihe}
}
