package brief

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Rueckmeldung is a report about a Sendung of this Kanal.
type Rueckmeldung struct {
	Meldung
	// Quittung: uebergeben for a posted letter, fehlgeschlagen for one that came
	// back or failed; Referenz is the number of the post, if there is one.
	Quittung messaging.Quittung
	// Tag of the event in Germany. For Aufgegeben it is the day of Aufgabe zur Post,
	// from which the law counts.
	Tag datum.Datum
	// Schluessel is the same when the same report comes again.
	Schluessel string
}

// Abholung is what a Pickup did.
type Abholung struct {
	Gemeldet int
	// Wartend are reports that may still be growing.
	Wartend int
	// Abgelehnt are reports put aside, by their new name in rueck-fehler.
	Abgelehnt []Abgelehnt
}

// Abgelehnt is a report that was refused as a whole.
type Abgelehnt struct {
	Datei    string
	Probleme fehler.Probleme
}

// maxDateien of one Pickup; the rest waits for the next.
const maxDateien = 1000

// Pickup reads the reports in the folder rueck and gives them to take, in the order
// of file names. A report whose Meldungen were all taken moves to rueck-erledigt;
// an error of take ends the Pickup, and the whole file comes again, so take must
// tolerate what it has seen (see [Rueckmeldung.Schluessel]). A report that breaks a
// rule, or names a Sendung that was not delivered here, moves to rueck-fehler and
// nothing of it is taken. An unreadable one may be half written and waits for
// [Options.Reife]. Hidden files and names ending in .tmp or .part are passed over,
// and so is what is no regular file.
func (k *Kanal) Pickup(ctx context.Context, take func(context.Context, Rueckmeldung) error) (Abholung, error) {
	const op = "brief.Pickup"
	var out Abholung
	files, err := k.d.names(ordnerRueck)
	if err != nil {
		return out, fehler.New(op, "", fehler.ErrUnavailable, err)
	}
	n := 0
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		if !f.Type().IsRegular() || strings.HasPrefix(f.Name(), ".") || strings.HasSuffix(f.Name(), ".tmp") || strings.HasSuffix(f.Name(), ".part") {
			continue
		}
		if n++; n > maxDateien {
			break
		}
		if err := k.pickup(ctx, f, take, &out); err != nil {
			return out, fehler.New(op, sicher(f.Name()), nil, err)
		}
	}
	return out, nil
}

func (k *Kanal) pickup(ctx context.Context, f fs.DirEntry, take func(context.Context, Rueckmeldung) error, out *Abholung) error {
	name := path.Join(ordnerRueck, f.Name())
	info, err := f.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return nil // taken back meanwhile
	}
	if err != nil {
		return fehler.New("brief.Pickup", "", fehler.ErrUnavailable, err)
	}
	b, err := k.d.read(name, k.o.MaxMeldung)
	var ms []Meldung
	switch {
	case errors.Is(err, errZuGross):
		err = fehler.Probleme{problem("brief.meldung-zu-gross", "", "the report is too big", "Die Rückmeldung des Druckzentrums ist zu groß.")}
	case err != nil:
		return fehler.New("brief.Pickup", "", fehler.ErrUnavailable, err)
	default:
		ms, err = k.o.Parse(b)
	}
	if errors.Is(err, errUnvollstaendig) && k.o.Now().Sub(info.ModTime()) < k.o.Reife {
		out.Wartend++
		return nil
	}
	var rs []Rueckmeldung
	if err == nil {
		rs, err = k.match(ms)
	}
	if err != nil {
		p := fehler.ProblemeIn(err)
		if p == nil {
			return err
		}
		to := ablage(f.Name(), b)
		if err := k.d.move(name, path.Join(ordnerFehler, to)); err != nil {
			return fehler.New("brief.Pickup", "", fehler.ErrUnavailable, err)
		}
		out.Abgelehnt = append(out.Abgelehnt, Abgelehnt{to, p})
		return nil
	}
	for _, r := range rs {
		if err := take(ctx, r); err != nil {
			return err
		}
		out.Gemeldet++
	}
	if err := k.d.move(name, path.Join(ordnerErledigt, ablage(f.Name(), b))); err != nil {
		return fehler.New("brief.Pickup", "", fehler.ErrUnavailable, err)
	}
	return nil
}

// match ties the Meldungen to what was delivered here.
func (k *Kanal) match(ms []Meldung) ([]Rueckmeldung, error) {
	out := make([]Rueckmeldung, 0, len(ms))
	var p fehler.Probleme
	latest := k.o.Now().Add(24 * time.Hour)
	for i, m := range ms {
		pfad := fmt.Sprintf("/meldungen/%d", i)
		if q := m.check(pfad); len(q) > 0 { // of a Parse that is not ours
			p = append(p, q...)
			continue
		}
		b, err := k.d.beleg(m.Mandant, m.ID)
		if err != nil {
			return nil, fehler.New("brief.Pickup", m.ID.String(), fehler.ErrUnavailable, err)
		}
		switch {
		case b == nil || b.Los == "":
			p = append(p, problem("brief.meldung-unbekannt", pfad+"/id", "no such Sendung was handed over", "Die Rückmeldung nennt eine Sendung, die nicht an das Druckzentrum übergeben wurde."))
			continue
		case datum.Von(m.Zeit).Vor(datum.Von(b.Zeit)) || m.Zeit.After(latest):
			p = append(p, problem("brief.meldung-zeit", pfad+"/zeit", "before the Sendung or in the future", "Die Zeit der Rückmeldung liegt vor der Sendung oder in der Zukunft."))
			continue
		}
		r := Rueckmeldung{Meldung: m, Tag: datum.Von(m.Zeit), Quittung: messaging.Quittung{Sendung: m.ID, Kanal: k.o.Name,
			Zustand: messaging.Fehlgeschlagen, Zeit: m.Zeit, Referenz: m.Sendungsnummer}}
		if m.Ereignis == Aufgegeben {
			r.Quittung.Zustand = messaging.Uebergeben
		}
		h := sha256.Sum256(fmt.Appendf(nil, "%s|%s|%s|%d", m.Mandant, m.ID, m.Ereignis, m.Zeit.UnixMicro()))
		r.Schluessel = hex.EncodeToString(h[:16])
		out = append(out, r)
	}
	if len(p) > 0 {
		return nil, p
	}
	return out, nil
}

// ablage is a name under which a report is kept: readable, and its own.
func ablage(name string, b []byte) string {
	h := sha256.Sum256(append([]byte(name+"\x00"), b...))
	return hex.EncodeToString(h[:8]) + "-" + sicher(name)
}

// sicher makes a file name harmless for logs and other systems.
func sicher(name string) string {
	s := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.' {
			return r
		}
		return '_'
	}, name)
	return s[:min(len(s), 80)]
}
