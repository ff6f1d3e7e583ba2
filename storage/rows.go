package storage

import (
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// saveParams gives everything one save stores. What did not change since the
// Vorgang was read (quellen) is not derived again.
func (s *Store) saveParams(v *vorgang.Vorgang, neu []vorgang.Ereignis, auftraege []vorgang.Auftrag, quellen map[uuid.UUID]uint64) (driver.SaveVorgangParams, error) {
	key := v.ID().String()
	now := s.now()
	stand := v.Stand()
	row, err := rowOf(v, &stand)
	if err != nil {
		return driver.SaveVorgangParams{}, wrap("Save", key, err)
	}
	if err := checkRow(&row); err != nil {
		return driver.SaveVorgangParams{}, err
	}
	p := driver.SaveVorgangParams{Row: row, ExpectedVersion: v.Version(), Zeit: now, Stroeme: stroeme(&stand, neu, now)}
	geteilt := v.Version() == 0
	for i := range neu {
		p.Journal = append(p.Journal, journalRow(&neu[i]))
		geteilt = geteilt || strings.HasPrefix(string(neu[i].Code), "beteiligung.")
	}
	for i := range auftraege {
		r := auftragRow(&auftraege[i])
		if err := checkText("Save", key, "/art", r.Art); err != nil {
			return driver.SaveVorgangParams{}, err
		}
		p.Auftraege = append(p.Auftraege, r)
	}
	if old, read := quellen[row.ID]; v.Version() == 0 || !read || old != s.quelle(&stand) {
		p.Woerter = woerter(&stand)
	}
	if geteilt {
		p.Beteiligungen = beteiligungen(&stand)
	}
	return p, nil
}

func rowOf(v *vorgang.Vorgang, s *vorgang.Stand) (driver.VorgangRow, error) {
	daten, err := v.MarshalStand()
	if err != nil {
		return driver.VorgangRow{}, err
	}
	var zeichen []string
	for _, z := range s.Aktenzeichen {
		if z != "" && !slices.Contains(zeichen, z) {
			zeichen = append(zeichen, z)
		}
	}
	return driver.VorgangRow{
		ID: s.ID, Version: s.Version + 1, Nummer: s.Nummer, Status: string(s.Status), Leistung: string(s.Leistung),
		Einheit: s.Einheit, Bearbeiter: s.Bearbeiter(), Antragsteller: antragsteller(s),
		Aktenzeichen: zeichen, Eingang: instant(s.Eingang), Frist: s.Frist(), Wartend: s.Wartend(),
		JournalSeq: s.Journal.Seq, JournalHash: s.Journal.Hash, Daten: daten,
	}, nil
}

// antragsteller is the name a list shows.
func antragsteller(s *vorgang.Stand) string { return cut(s.Antrag.Antragsteller.Name, MaxText) }

func checkRow(r *driver.VorgangRow) error {
	pairs := []string{
		"/nummer", r.Nummer, "/status", r.Status, "/leistung", r.Leistung,
		"/einheit", r.Einheit, "/zuweisung/bearbeiter", r.Bearbeiter,
	}
	for _, z := range r.Aktenzeichen {
		pairs = append(pairs, "/aktenzeichen", z)
	}
	return checkText("Save", r.ID.String(), pairs...)
}

func journalRow(e *vorgang.Ereignis) driver.JournalRow {
	return driver.JournalRow{
		VorgangID: e.Vorgang, Seq: e.Seq, Zeit: instant(e.Zeit), Code: string(e.Code),
		Akteur: e.Akteur, Daten: e.Daten, Salz: e.Salz,
		AkteurHash: e.AkteurHash, DatenHash: e.DatenHash, Vorgaenger: e.Vorgaenger, Hash: e.Hash,
	}
}

func ereignis(mandant tenant.ID, r *driver.JournalRow) vorgang.Ereignis {
	e := vorgang.Ereignis{
		Mandant: mandant, Vorgang: r.VorgangID, Seq: r.Seq, Zeit: r.Zeit, Code: vorgang.Code(r.Code),
		Akteur: r.Akteur, Daten: r.Daten, Salz: r.Salz,
		AkteurHash: r.AkteurHash, DatenHash: r.DatenHash, Vorgaenger: r.Vorgaenger, Hash: r.Hash,
	}
	// A backend gives nil or empty for what is not there.
	for _, b := range []*[]byte{&e.Akteur, &e.Daten, &e.Salz, &e.Vorgaenger} {
		if len(*b) == 0 {
			*b = nil
		}
	}
	return e
}

func auftragRow(a *vorgang.Auftrag) driver.AuftragRow {
	return driver.AuftragRow{
		ID: a.ID, VorgangID: a.Vorgang, VorgangVersion: a.Version, Ordinal: int64(a.Ordinal), Art: string(a.Art),
		Daten: a.Daten, Erstellt: instant(a.Erstellt), Faellig: instant(a.Faellig), Termin: a.Termin,
	}
}

func auftrag(mandant tenant.ID, r *driver.AuftragRow) Auftrag {
	a := Auftrag{
		Auftrag: vorgang.Auftrag{
			ID: r.ID, Mandant: mandant, Vorgang: r.VorgangID, Version: r.VorgangVersion, Ordinal: int(r.Ordinal),
			Art: vorgang.AuftragArt(r.Art), Daten: r.Daten, Erstellt: r.Erstellt, Faellig: r.Faellig, Termin: r.Termin,
		},
		Zustand: AuftragZustand(r.Zustand), Versuch: int(r.Versuch), LetzterFehler: r.LetzterFehler,
	}
	if r.LeaseToken != nil && r.LeaseBis != nil {
		a.Token, a.LeaseBis = *r.LeaseToken, *r.LeaseBis
	}
	if r.Erledigt != nil {
		a.Erledigt = *r.Erledigt
	}
	return a
}

func texts[T ~string](in []T) []string {
	var out []string
	for _, v := range in {
		out = append(out, string(v))
	}
	return out
}

func token(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}
