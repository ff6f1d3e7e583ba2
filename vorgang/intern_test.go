package vorgang

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// fill sets everything below v: each string to a marker that names its path,
// each slice to two elements, each pointer to a value.
func fill(v reflect.Value, pfad string, tiefe int) {
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)))
		return
	case datum.Datum:
		v.Set(reflect.ValueOf(datum.New(2026, 1, 2)))
		return
	case uuid.UUID:
		v.Set(reflect.ValueOf(uuid.NewSHA1(uuid.Nil, []byte(pfad))))
		return
	case json.RawMessage:
		v.Set(reflect.ValueOf(json.RawMessage(`{"x":"` + marke(pfad) + `"}`)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(marke(pfad))
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint8:
		v.SetUint(7)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), pfad, tiefe)
	case reflect.Slice:
		if tiefe == 0 {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 4)) // spare capacity: a shared one would be found by append
		for i := range v.Len() {
			fill(v.Index(i), pfad+"[]", tiefe-1)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), pfad+"."+v.Type().Field(i).Name, tiefe)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		e := reflect.New(v.Type().Elem()).Elem()
		fill(e, pfad+"{}", tiefe-1)
		v.SetMapIndex(reflect.ValueOf("k").Convert(v.Type().Key()), e)
	default:
		panic("fill does not know " + v.Kind().String() + " at " + pfad)
	}
}

func marke(pfad string) string { return "«" + pfad + "»" }

func filled[T any]() T {
	var x T
	fill(reflect.ValueOf(&x).Elem(), reflect.TypeFor[T]().Name(), 6)
	return x
}

// memory collects the address of everything below v that another value could share.
func memory(v reflect.Value, pfad string, out map[uintptr]string) {
	if _, ok := v.Interface().(time.Time); ok {
		return // time.Time is immutable; its *Location is shared by all
	}
	if v.Type() == reflect.TypeFor[datum.Datum]() {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			out[v.Pointer()] = pfad
			memory(v.Elem(), pfad, out)
		}
	case reflect.Slice:
		if v.Cap() > 0 {
			out[v.Pointer()] = pfad
		}
		for i := range v.Len() {
			memory(v.Index(i), fmt.Sprintf("%s[%d]", pfad, i), out)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			memory(v.Field(i), pfad+"."+v.Type().Field(i).Name, out)
		}
	case reflect.Map: // the maps of a Stand are of plain values
		if !v.IsNil() {
			out[v.Pointer()] = pfad
		}
	case reflect.Interface, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		panic("memory does not know " + v.Kind().String() + " at " + pfad)
	}
}

func shared(a, b any) []string {
	ma, mb := map[uintptr]string{}, map[uintptr]string{}
	memory(reflect.ValueOf(a), "", ma)
	memory(reflect.ValueOf(b), "", mb)
	var out []string
	for p, pfad := range ma {
		if _, ok := mb[p]; ok {
			out = append(out, pfad)
		}
	}
	slices.Sort(out)
	return out
}

func TestStandSharesNothing(t *testing.T) {
	t.Parallel()
	v := Restore(filled[Stand](), Kontext{})
	require.Empty(t, shared(v.Stand(), v.s))
	require.Empty(t, shared(v.Stand(), v.Stand()))

	// Negative control: a copy that forgets one slice is found.
	s := v.Stand()
	s.Bescheide[1].Inhalt.Tenor = v.s.Bescheide[1].Inhalt.Tenor
	s.Antrag.Felder[0].Felder = v.s.Antrag.Felder[0].Felder
	got := strings.Join(shared(s, v.s), " ")
	require.Contains(t, got, ".Bescheide[1].Inhalt.Tenor")
	require.Contains(t, got, ".Antrag.Felder[0].Felder")
}

func TestNeuSharesNothing(t *testing.T) {
	t.Parallel()
	v := testVorgang(t, Params{})
	for i, e := range v.Neu() {
		require.Empty(t, shared(e, v.neu[i]))
		require.Empty(t, shared(e, v.s))
	}
}

func testVorgang(t *testing.T, p Params) *Vorgang {
	t.Helper()
	p.Mandant, p.Nummer, p.Leistung, p.Einheit = "kiel", "1", "99012070006000", "gruen"
	v, err := New(tenant.System("annahme"), time.Now(), p, Kontext{})
	require.NoError(t, err)
	return v
}

// scramble overwrites everything reachable through slices and pointers.
func scramble(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("scrambled")
	case reflect.Uint8:
		v.SetUint(99)
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Pointer:
		if !v.IsNil() {
			scramble(v.Elem())
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			scramble(v.Index(i))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() || v.Type() == reflect.TypeFor[datum.Datum]() {
			return
		}
		for i := range v.NumField() {
			scramble(v.Field(i))
		}
	}
}

// Whatever a caller does to the parameters after a command changes neither Stand
// nor journal nor Auftraege.
func TestParametersStayOutside(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	relay := tenant.System("relay")
	sb := tenant.Akteur{ID: "sb", Name: "S", Art: tenant.Person, Mandant: "kiel", Rollen: []tenant.Rolle{tenant.Sachbearbeitung, tenant.Leitung}}
	chef := tenant.Akteur{ID: "chef", Name: "C", Art: tenant.Person, Mandant: "kiel", Rollen: []tenant.Rolle{tenant.Leitung}}

	p := filled[Params]()
	v := testVorgang(t, p)
	type step struct {
		params any
		do     func() error
	}
	in, an, dt := filled[bescheid.Inhalt](), filled[[]messaging.Anhang](), filled[Datei]()
	in.Verfahren, in.OhneBelehrung, in.Gueltig = "vwvfg", "", datum.Zeitraum{}
	in.Bezug, in.BezugAuf, in.WirktAb, in.BleibtBestehen, in.Anlagen = uuid.Nil, bescheid.Bezugsangabe{}, datum.Datum{}, false, nil
	for i := range in.Gebuehrentafel.Zeilen {
		in.Gebuehrentafel.Zeilen[i] = in.Gebuehrentafel.Zeilen[i][:len(in.Gebuehrentafel.Spalten)]
	}
	in.NebenbestimmungArten = []bescheid.Nebenbestimmungsart{bescheid.Auflage, bescheid.Bedingung}
	in.Adressaten = in.Adressaten[:1]
	adressat := in.Adressaten[0].ID
	er, vs, ab := filled[Erwiderung](), filled[Versand](), filled[AbgabeAntwort]()
	var id, w uuid.UUID
	steps := []step{
		{&p, func() error { return nil }},
		{&sb, func() error { return v.Pull(sb, now) }},
		{&an, func() (err error) { w, err = v.Write(chef, now, "b", "t", an...); return }},
		{&er, func() error {
			er.Bezug, er.ID = w, uuid.Nil
			for i := range er.Dateien {
				er.Dateien[i].ID = uuid.UUID{byte(i), 99}
			}
			return v.Answer(relay, now, er)
		}},
		{&in, func() (err error) { id, err = v.Draft(chef, now, in); return }},
		{nil, func() error { return v.SubmitDraft(chef, now, id) }},
		{nil, func() error {
			return v.ReleaseBescheid(tenant.Akteur{ID: "z", Name: "Z", Art: tenant.Person, Mandant: "kiel", Rollen: []tenant.Rolle{tenant.Leitung}}, now, id)
		}},
		{&dt, func() error { return v.RecordAusfertigung(relay, now, id, adressat, dt) }},
		{&vs, func() error {
			vs.Bescheid, vs.Zustellung.Adressat, vs.Zustellung.Zustand = id, adressat, bescheid.ZustellungVersandt
			return v.RecordVersand(relay, now, vs)
		}},
		{nil, func() error { return v.RecordBekanntgabe(relay, now, id) }},
		{nil, func() error { return v.Close(chef, now, Schluss{Grund: GrundBeschieden}) }},
		{nil, func() error { return v.RecordAbgabe(relay, now, ab.ProzessID, "dms") }},
		{&ab, func() error {
			ab.Zustand = Archiviert
			return v.RecordAbgabeAntwort(relay, now, ab)
		}},
	}
	for i, s := range steps {
		require.NoError(t, s.do(), "step %d", i)
		if s.params == nil {
			continue
		}
		stand, err := v.MarshalStand()
		require.NoError(t, err)
		neu, auftraege := v.Neu(), v.NeueAuftraege()
		scramble(reflect.ValueOf(s.params).Elem())
		nachher, err := v.MarshalStand()
		require.NoError(t, err)
		require.Equal(t, string(stand), string(nachher), "step %d", i)
		require.Equal(t, neu, v.Neu(), "step %d", i)
		require.Equal(t, auftraege, v.NeueAuftraege(), "step %d", i)
		require.NoError(t, VerifyJournal(v.Stand(), func(yield func(Ereignis, error) bool) {
			for _, e := range v.Neu() {
				if !yield(e, nil) {
					return
				}
			}
		}))
	}
}

// The citizen's view shows the listed paths of the Stand and nothing else.
func TestOeffentlichLeaksNothing(t *testing.T) {
	t.Parallel()
	s := filled[Stand]()
	for i := range s.Rueckfragen {
		s.Nachrichten[i].Nachricht.ID = uuid.UUID{byte(i + 1)}
		s.Rueckfragen[i].Nachricht, s.Rueckfragen[i].Beantwortet = uuid.UUID{byte(i + 1)}, time.Time{}
	}
	allowed := []string{"Stand.Nummer", "Stand.LeistungName", "Stand.Nachrichten[].Nachricht.Betreff",
		"Stand.Ansprechpartner.Name", "Stand.Ansprechpartner.Telefon", "Stand.Ansprechpartner.Email", "Stand.Ansprechpartner.Raum",
		"Stand.Gebuehren[].Forderung.Kassenzeichen", "Stand.Gebuehren[].Zahlungen[].Zahlung.URL"}
	leaks := func(s Stand) []string {
		b, err := json.Marshal(Restore(s, Kontext{}).Oeffentlich(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)))
		require.NoError(t, err)
		var out []string
		for _, rest := range strings.Split(string(b), "«")[1:] {
			pfad, _, _ := strings.Cut(rest, "»")
			if !slices.Contains(allowed, pfad) && !slices.Contains(out, pfad) {
				out = append(out, pfad)
			}
		}
		return out
	}
	for st := range statusNamen {
		s.Status = st
		require.Empty(t, leaks(s), st)
	}
	o := Restore(s, Kontext{}).Oeffentlich(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC))
	require.Len(t, o.Offen, 2)
	require.Equal(t, marke("Stand.Ansprechpartner.Telefon"), o.Ansprechpartner.Telefon)
	require.Equal(t, marke("Stand.Nummer"), o.Nummer)

	// Negative control: an internal text that finds its way out is seen.
	s.LeistungName = s.Notizen[0].Text
	require.Equal(t, []string{"Stand.Notizen[].Text"}, leaks(s))
}

// Two readers of JSON give the same Stand, filled and empty.
func TestUnmarshalStandReadsAsTheStandardLibrary(t *testing.T) {
	t.Parallel()
	voll := filled[Stand]()
	voll.Version, voll.Antrag.Daten = 0, json.RawMessage(`{"x":1}`) // not in the line
	for _, s := range []Stand{{}, voll} {
		b, err := json.Marshal(&s)
		require.NoError(t, err)
		var want Stand
		require.NoError(t, json.Unmarshal(b, &want))
		got, err := UnmarshalStand(b)
		require.NoError(t, err)
		require.Equal(t, want, got)
		wieder, err := json.Marshal(&got)
		require.NoError(t, err)
		require.Equal(t, string(b), string(wieder))
	}
	for _, kaputt := range []string{"", "{", `{"schema":"1"}`, `{"id":"x"}`, "[]"} {
		_, err := UnmarshalStand([]byte(kaputt))
		require.Error(t, err, kaputt)
	}
}

func BenchmarkUnmarshalStand(b *testing.B) {
	s := filled[Stand]()
	line, err := json.Marshal(&s)
	require.NoError(b, err)
	b.Run("ours", func(b *testing.B) {
		for b.Loop() {
			if _, err := UnmarshalStand(line); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		for b.Loop() {
			var s Stand
			if err := json.Unmarshal(line, &s); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func TestEveryEntryHasAText(t *testing.T) {
	t.Parallel()
	for code := range datenTypen {
		require.NotEmpty(t, texte[code], code)
	}
	require.Len(t, texte, len(datenTypen))
}
