package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/examples/rathaus/verfahren"
	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/ozgcloud"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/messaging/portal"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// objekt is a part of a form.
type objekt = map[string]any

// muster are applications to begin with, the oldest first. They go the way the form pages
// send theirs, but for the socket.
func muster(k *verfahren.Katalog, now time.Time) (out []intake.Lieferung) {
	tag := func(n int) string { return now.AddDate(0, 0, n).Format(time.DateOnly) }
	baum := func(art, grund, warum string, umfang int) objekt {
		return objekt{"grundstueck": "Gartenweg 1", "grund": grund, "begruendung": warum, "baeume": []any{objekt{"art": art, "umfang": json.Number(fmt.Sprint(umfang)), "standort": "Hinterhof, am Zaun"}}}
	}
	gewerbe := func(name, text string, erlaubnis bool) objekt {
		return objekt{"betrieb": objekt{"name": name, "betriebsstaette": "Marktstraße 4", "beginn": tag(14), "art": "Hauptniederlassung", "nebenerwerb": false},
			"taetigkeiten": []any{objekt{"text": text}}, "erlaubnis": erlaubnis, "handwerk": false}
	}
	parken := func(kfz, fahrzeug string) objekt {
		return objekt{"gebiet": "Hafen", "kennzeichen": kfz, "fahrzeug": fahrzeug, "von": tag(7), "bis": tag(300)}
	}
	for i, x := range []struct {
		kurz, vor, nach string
		m               tenant.ID
		tage            int
		felder          objekt
	}{
		{"baum", "Mia", "Sommer", "musterstadt", 88, baum("Rotbuche", "Krankheit", "Der Stamm ist hohl.", 140)},
		{"verkehr", "Jonas", "Keller", "musterstadt", 40, objekt{"ort": "Hafenstraße zwischen Nr. 3 und Nr. 17", "arbeiten": "Erneuerung der Wasserleitung",
			"zeitraum": objekt{"von": tag(20), "bis": tag(34), "tageszeit": "werktags von 7 bis 18 Uhr"}, "plan": objekt{"nummer": "VZP 12", "vom": tag(-60)},
			"verantwortlich": objekt{"name": "Jonas Keller", "telefon": "0431 000-77"}, "vollsperrung": false, "lichtzeichen": true, "gehweg": true}},
		{"baum", "Elif", "Yıldız", "musterstadt", 30, baum("Bergahorn", "sonstiger Grund", "Das Laub verstopft die Dachrinne.", 95)},
		{"parken", "Tom", "Winter", "musterstadt", 12, parken("MU-TW 12", "von mir dauerhaft genutzt")},
		{"gewerbe", "Lea", "Groß", "musterstadt", 9, gewerbe("Lea Groß Sicherheit", "Bewachung von Baustellen", true)},
		{"baum", "Aleksandra", "Nowak", "musterstadt", 6, baum("Birke", "Gefahr", "", 85)},
		{"gewerbe", "Karl", "Berger", "bergheim", 5, gewerbe("Fahrrad Berger", "Einzelhandel mit Fahrradteilen", true)},
		{"baum", "Hanna", "Fuchs", "bergheim", 4, baum("Fichte", "Bauvorhaben", "Anbau einer Garage.", 120)},
		{"baum", "Ole", "Martens", "seedorf", 3, baum("Stieleiche", "Gefahr", "Äste brechen auf den Gehweg.", 210)},
		{"parken", "Sina", "Albers", "musterstadt", 1, parken("MU-SA 7", "auf mich zugelassen")},
		{"baum", "Ben", "Adler", "", 2, baum("Linde", "Krankheit", "Die Krone ist tot.", 160)},
	} {
		v := k.Find(x.kurz)
		id := uuid.NewSHA1(uuid.NameSpaceURL, fmt.Appendf(nil, "rathaus/muster/%d", i))
		konto := "muster-" + id.String()[:8]
		daten := objekt{"antragsteller": objekt{"anrede": "keine Anrede", "vorname": x.vor, "nachname": x.nach, "strasse": "Gartenweg", "hausnummer": fmt.Sprint(i + 1), "plz": "24103", "ort": "Musterstadt"}}
		for name, wert := range x.felder {
			if wert != "" {
				daten[name] = wert
			}
		}
		var ort tenant.ARS
		if m := k.Mandant(x.m); m != nil {
			ort = m.ARS
		}
		b, _ := json.Marshal(objekt{"control": v.Control(id.String(), konto, string(x.m)), "formData": verfahren.Items(v.Felder, daten)})
		out = append(out, intake.Lieferung{Kanal: ozgcloud.Kanal, Kennung: "muster/" + id.String(), Eingang: now.AddDate(0, 0, -x.tage), Leistung: string(v.Leistung), Ort: string(ort), Schema: v.Schema,
			Fachdaten: intake.Bytes(id, "antrag.json", "application/json", vorgang.ZweckOriginal, b), Konto: konto, Adressen: []messaging.Adresse{{Kanal: portal.Name, Kennung: konto}}})
	}
	return out
}

// fuelle takes them in, once: they have the same keys every time.
func (h *haus) fuelle(ctx context.Context, k *verfahren.Katalog) error {
	for _, l := range muster(k, h.now()) {
		if _, err := h.betrieb.Annahme.Receive(ctx, l); err != nil {
			return err
		}
	}
	return nil
}
