package verfahren

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.yaml.in/yaml/v3"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/ozgcloud"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Muster is a sample case.
type Muster struct {
	Verfahren *Verfahren
	// Mandant it is sent to; another one may be competent.
	Mandant tenant.ID
	Konto   string
	Daten   map[string]any
	Eingang time.Time
	// Weg is what the authority does with it, see [Katalog.Seed].
	Weg string
}

type musterdatei struct {
	Personen [][3]string
	Strassen []string
	Antraege []struct {
		Verfahren string
		Wege      []string
		Daten     map[string]any
	}
}

// Muster gives n sample cases, the same ones for the same time.
func (k *Katalog) Muster(n int, now time.Time) ([]Muster, error) {
	var d musterdatei
	if err := yaml.Unmarshal(lies("muster.yaml"), &d); err != nil {
		return nil, err
	}
	var out []Muster
	for i := range n {
		a, p, runde := d.Antraege[i%len(d.Antraege)], d.Personen[i*3%len(d.Personen)], i/len(d.Antraege)
		v := k.Find(a.Verfahren)
		// Half of all goes to the large town.
		var orte []*tenant.Mandant
		for j := range k.Mandanten {
			if m := &k.Mandanten[j]; slices.Contains(k.Angebot(m, datum.Von(now)), v) {
				orte = append(orte, m)
			}
		}
		m := orte[0]
		if runde%2 == 1 {
			m = orte[runde/2%len(orte)]
		}
		daten, err := tage(a.Daten, datum.Von(now))
		if err != nil {
			return nil, err
		}
		daten["antragsteller"] = map[string]any{"anrede": p[0], "vorname": p[1], "nachname": p[2], "strasse": d.Strassen[i%len(d.Strassen)],
			"hausnummer": strconv.Itoa(1 + i), "plz": m.Anschrift.PLZ, "ort": m.Anschrift.Ort}
		out = append(out, Muster{Verfahren: v, Mandant: m.ID, Konto: fmt.Sprintf("muster-%03d", i+1), Daten: daten,
			Eingang: now.Add(-time.Duration(1+i*37%90) * 24 * time.Hour), Weg: a.Wege[runde%len(a.Wege)]})
	}
	return out, nil
}

// tage copies the data, with days in place of "+20", and numbers as JSON has them.
func tage(d map[string]any, heute datum.Datum) (map[string]any, error) {
	b, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	out := map[string]any{}
	if err := dec.Decode(&out); err != nil {
		return nil, err
	}
	var ersetze func(x any) any
	ersetze = func(x any) any {
		switch x := x.(type) {
		case map[string]any:
			for k, w := range x {
				x[k] = ersetze(w)
			}
		case []any:
			for i, w := range x {
				x[i] = ersetze(w)
			}
		case string:
			if n, err := strconv.Atoi(x); err == nil && strings.ContainsAny(x[:1], "+-") {
				return heute.AddTage(n).String()
			}
		}
		return x
	}
	ersetze(out)
	return out, nil
}

// Lieferung is the sample as the OZG-Cloud would have brought it; Tabelle finds service
// and place.
func (m Muster) Lieferung(t ozgcloud.Tabelle) (intake.Lieferung, error) {
	id := uuid.NewSHA1(uuid.NameSpaceURL, []byte("rathaus/"+m.Konto))
	c := m.Verfahren.Control(id.String(), m.Konto, string(m.Mandant))
	b, err := json.Marshal(map[string]any{"control": c, "formData": Items(m.Verfahren.Felder, m.Daten)})
	if err != nil {
		return intake.Lieferung{}, err
	}
	l := intake.Lieferung{Kanal: ozgcloud.Kanal, Kennung: "muster/" + id.String(), Eingang: m.Eingang, Schema: ozgcloud.Schema, Onlinedienst: "muster",
		Fachdaten: intake.Bytes(id, "formData.json", "application/json", vorgang.ZweckOriginal, b), Referenz: id.String(),
		Konto: m.Konto, Adressen: []messaging.Adresse{{Kanal: "portal", Kennung: m.Konto}}}
	l.Leistung, l.Ort = t.Zuordnen(c)
	return l, nil
}
