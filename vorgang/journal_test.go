package vorgang_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func damage(t testing.TB, s vorgang.Stand, j []vorgang.Ereignis) *vorgang.JournalFehler {
	t.Helper()
	err := vorgang.VerifyJournal(s, seq(j))
	var f *vorgang.JournalFehler
	require.ErrorAs(t, err, &f)
	require.NotEmpty(t, f.Error())
	return f
}

// Every byte slice of an entry, by name.
var bytefelder = map[string]func(*vorgang.Ereignis) *[]byte{
	"Akteur":     func(e *vorgang.Ereignis) *[]byte { return &e.Akteur },
	"Daten":      func(e *vorgang.Ereignis) *[]byte { return &e.Daten },
	"Salz":       func(e *vorgang.Ereignis) *[]byte { return &e.Salz },
	"AkteurHash": func(e *vorgang.Ereignis) *[]byte { return &e.AkteurHash },
	"DatenHash":  func(e *vorgang.Ereignis) *[]byte { return &e.DatenHash },
	"Vorgaenger": func(e *vorgang.Ereignis) *[]byte { return &e.Vorgaenger },
	"Hash":       func(e *vorgang.Ereignis) *[]byte { return &e.Hash },
}

func TestEveryChangedEntryIsFoundAndLocated(t *testing.T) {
	t.Parallel()
	f := geschichte(t)
	s := f.v.Stand()
	for i := range f.journal {
		probe := func(was string, change func(e *vorgang.Ereignis)) {
			j := slices.Clone(f.journal)
			change(&j[i])
			require.Equal(t, int64(i+1), damage(t, s, j).Seq, "entry %d: %s", i+1, was)
		}
		for name, feld := range bytefelder {
			n := len(*feld(&f.journal[i]))
			for _, at := range []int{0, n / 2, n - 1} {
				probe(name, func(e *vorgang.Ereignis) {
					b := bytes.Clone(*feld(e))
					if len(b) == 0 {
						b = []byte{1} // the first entry has no Vorgaenger
					} else {
						b[at] ^= 1
					}
					*feld(e) = b
				})
			}
			if n > 0 {
				probe(name+" longer", func(e *vorgang.Ereignis) { *feld(e) = append(bytes.Clone(*feld(e)), 0) })
				probe(name+" missing", func(e *vorgang.Ereignis) { *feld(e) = nil })
			}
		}
		probe("Mandant", func(e *vorgang.Ereignis) { e.Mandant = "kiem" })
		probe("Vorgang", func(e *vorgang.Ereignis) { e.Vorgang[3] ^= 1 })
		probe("Seq", func(e *vorgang.Ereignis) { e.Seq ^= 1 })
		probe("Code", func(e *vorgang.Ereignis) { e.Code += "x" })
		probe("another Code", func(e *vorgang.Ereignis) { e.Code = "vorgang.zurueckgenommen_" })
		probe("Zeit later", func(e *vorgang.Ereignis) { e.Zeit = e.Zeit.Add(time.Microsecond) })
		probe("Zeit earlier", func(e *vorgang.Ereignis) { e.Zeit = e.Zeit.Add(-time.Microsecond) })
		probe("Zeit finer", func(e *vorgang.Ereignis) { e.Zeit = e.Zeit.Add(1) })
	}
}

func TestEveryMissingOrMovedEntryIsFoundAndLocated(t *testing.T) {
	t.Parallel()
	f := geschichte(t)
	s, n := f.v.Stand(), len(f.journal)
	for i := range n {
		j := slices.Delete(slices.Clone(f.journal), i, i+1)
		require.Equal(t, int64(i+1), damage(t, s, j).Seq, "entry %d dropped", i+1)
		j = slices.Insert(slices.Clone(f.journal), i, f.journal[i])
		require.Equal(t, int64(i+2), damage(t, s, j).Seq, "entry %d twice", i+1)
		require.Equal(t, int64(i+1), damage(t, s, f.journal[:i]).Seq, "cut before entry %d", i+1)
		if i+1 < n {
			j = slices.Clone(f.journal)
			j[i], j[i+1] = j[i+1], j[i]
			require.Equal(t, int64(i+1), damage(t, s, j).Seq, "entries %d and %d swapped", i+1, i+2)
		}
	}
	// A journal that goes on after the Stand says it ended.
	vorher, err := vorgang.Replay(seq(f.journal[:n-1]))
	require.NoError(t, err)
	require.NotZero(t, damage(t, vorher, f.journal).Seq)
	// Another Vorgang's sound journal.
	p := params()
	p.ID = uuid.UUID{7}
	v, err := vorgang.New(annahme, start, p, fest())
	require.NoError(t, err)
	require.Equal(t, int64(1), damage(t, s, v.Neu()).Seq)
	require.NoError(t, vorgang.VerifyJournal(v.Stand(), seq(v.Neu())))
}

// A changed byte of the stored Stand is no JSON, is found, or means the same
// (Go reads keys in either case).
func TestEveryChangedByteOfTheStandIsFound(t *testing.T) {
	t.Parallel()
	f := geschichte(t)
	raw := []byte(f.json())
	found, same, broken := 0, 0, 0
	for i := 0; i < len(raw); i += 7 {
		for _, bit := range []byte{0x01, 0x20} {
			b := bytes.Clone(raw)
			b[i] ^= bit
			s, err := vorgang.UnmarshalStand(b)
			if err != nil {
				broken++
				continue
			}
			if again, err := vorgang.Restore(s, fest()).MarshalStand(); err == nil && bytes.Equal(again, raw) {
				same++
				continue
			}
			damage(t, s, f.journal)
			found++
		}
	}
	require.Greater(t, found, 500)
	require.Less(t, same, found)
	t.Logf("%d found, %d no JSON, %d mean the same", found, broken, same)
}

func TestErasedJournalStillVerifies(t *testing.T) {
	t.Parallel()
	f := geschichte(t)
	s := f.v.Stand()
	for _, from := range []int{0, 5, len(f.journal) - 1} {
		j := slices.Clone(f.journal)
		for i := from; i < len(j); i++ {
			j[i].Akteur, j[i].Daten, j[i].Salz = nil, nil, nil
			require.True(t, j[i].Geloescht())
			_, ok := j[i].Who()
			require.False(t, ok)
			_, err := j[i].Data()
			require.ErrorIs(t, err, fehler.ErrNotFound)
		}
		require.NoError(t, vorgang.VerifyJournal(s, seq(j)))
		_, err := vorgang.Replay(seq(j))
		require.ErrorIs(t, err, fehler.ErrNotFound)
		j[from].DatenHash = bytes.Repeat([]byte{1}, 32)
		require.Equal(t, int64(from+1), damage(t, s, j).Seq, "damage to an erased entry")
		j = slices.Delete(slices.Clone(f.journal), from, from+1)
		damage(t, s, j)
	}
}

func TestJournalErrorsPassThrough(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	boom := errors.New("boom")
	broken := func(yield func(vorgang.Ereignis, error) bool) { yield(vorgang.Ereignis{}, boom) }
	require.Equal(t, boom, vorgang.VerifyJournal(f.v.Stand(), broken))
	_, err := vorgang.Replay(broken)
	require.Equal(t, boom, err)
	_, err = vorgang.Replay(seq(nil))
	require.Error(t, err)
	e := f.journal[0]
	e.Code = "gibt.es.nicht"
	_, err = e.Data()
	require.ErrorIs(t, err, fehler.ErrUnsupported)
	require.ErrorIs(t, err, errors.ErrUnsupported)
}

// The golden journal pins the hash format: a change here breaks every stored journal.
func TestGoldenJournal(t *testing.T) {
	t.Parallel()
	f := geschichte(t)
	pfad := filepath.Join("testdata", "journal.golden.json")
	got, err := json.MarshalIndent(f.journal, "", " ")
	require.NoError(t, err)
	got = append(got, '\n')
	if *update {
		require.NoError(t, os.WriteFile(pfad, got, 0o644))
	}
	want, err := os.ReadFile(pfad)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))

	var j []vorgang.Ereignis
	require.NoError(t, json.Unmarshal(want, &j))
	s, err := vorgang.Replay(seq(j))
	require.NoError(t, err)
	require.NoError(t, vorgang.VerifyJournal(s, seq(j)))
}

// What was stored before there were addressees and attempts gives the same Stand to the
// byte, the released text keeps its Pruefsumme, and the old Stand can be worked on.
func TestOldJournalAndStand(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join("testdata", "journal-vor-zustellungen.golden.json"))
	require.NoError(t, err)
	alt, err := os.ReadFile(filepath.Join("testdata", "stand-vor-zustellungen.golden.json"))
	require.NoError(t, err)
	var j []vorgang.Ereignis
	require.NoError(t, json.Unmarshal(b, &j))
	s, err := vorgang.Replay(seq(j))
	require.NoError(t, err)
	neu, err := vorgang.Restore(s, vorgang.Kontext{}).MarshalStand()
	require.NoError(t, err)
	require.Equal(t, string(alt), string(neu))
	gelesen, err := vorgang.UnmarshalStand(alt)
	require.NoError(t, err)
	require.NoError(t, vorgang.VerifyJournal(gelesen, seq(j)))
	x := gelesen.Bescheide[0]
	require.NotEmpty(t, x.Pruefsumme)
	require.Equal(t, x.Pruefsumme, x.Inhalt.Pruefsumme())
	require.Equal(t, x.ID, gelesen.Geltend(x.Bekanntgabe.Tag).ID)
	require.False(t, gelesen.AufbewahrungAb().IsZero())

	// A late remedy against it, and one that had come in time.
	v := vorgang.Restore(gelesen, fest())
	now := datum.New(2026, 6, 1).Beginn()
	id, err := v.RecordRechtsbehelf(post, now, vorgang.Rechtsbehelfseingang{Bescheid: x.ID, Eingang: datum.New(2026, 5, 20)})
	require.NoError(t, err)
	require.False(t, v.Stand().Rechtsbehelfe[0].Rechtzeitig)
	require.Equal(t, bescheid.Bestandskraeftig, v.Stand().Bescheide[0].Zustand)
	require.NoError(t, v.CloseRechtsbehelf(sb, now, vorgang.Rechtsbehelfsende{Rechtsbehelf: id, Ausgang: vorgang.AusgangZurueckgenommen, Tag: datum.New(2026, 6, 1)}))
	_, err = v.RecordRechtsbehelf(post, now, vorgang.Rechtsbehelfseingang{Bescheid: x.ID, Eingang: datum.New(2026, 4, 7)})
	require.NoError(t, err)
	require.Equal(t, bescheid.Bekanntgegeben, v.Stand().Bescheide[0].Zustand)
	require.Error(t, v.RecordBestandskraft(relay, now, x.ID), "it is open")
}

func FuzzEreignisData(f *testing.F) {
	for _, e := range geschichte(f).journal {
		f.Add(string(e.Code), e.Daten)
	}
	f.Add("vorgang.status", []byte("null"))
	f.Add("bescheid.versandt", []byte(`{"nachricht":{"anhaenge":[{}]},"bekanntgabe":{"tag":"2026-13-01"}}`))
	f.Fuzz(func(t *testing.T, code string, daten []byte) {
		e := vorgang.Ereignis{Seq: 1, Code: vorgang.Code(code), Daten: daten}
		d, err := e.Data()
		if err != nil {
			if !errors.Is(err, fehler.ErrInvalid) && !errors.Is(err, fehler.ErrUnsupported) && !errors.Is(err, fehler.ErrNotFound) {
				t.Fatalf("kind of %v", err)
			}
			return
		}
		once, err := json.Marshal(d)
		if err != nil {
			t.Fatalf("decoded data cannot be written: %v", err)
		}
		e.Daten = once
		d, err = e.Data()
		if err != nil {
			t.Fatalf("written data cannot be read: %v", err)
		}
		twice, _ := json.Marshal(d)
		if !bytes.Equal(once, twice) {
			t.Fatalf("not stable: %s, then %s", once, twice)
		}
		// Applying any data to any Stand must not panic.
		_, _ = vorgang.Replay(seq([]vorgang.Ereignis{e}))
	})
}

// The Stand is stored as a line of JSON and the form data; one document, as it was
// stored before, is read too.
func TestMarshalStand(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	b, err := f.v.MarshalStand()
	require.NoError(t, err)
	line, daten, found := bytes.Cut(b, []byte("\n"))
	require.True(t, found)
	require.NotContains(t, string(line), "baum\"")
	require.JSONEq(t, `{"baum":"<Eiche>","umfang":1.20}`, string(daten))

	whole, err := json.Marshal(f.v.Stand())
	require.NoError(t, err)
	for _, stored := range [][]byte{bytes.Clone(b), whole} {
		s, err := vorgang.UnmarshalStand(stored)
		require.NoError(t, err)
		s.Version = f.v.Version() // storage keeps it beside the Stand
		require.Equal(t, f.v.Stand(), s)
		again, err := vorgang.Restore(s, fest()).MarshalStand()
		require.NoError(t, err)
		require.Equal(t, string(b), string(again))
		clear(stored)
		require.Equal(t, f.v.Stand(), s, "nothing is shared")
	}
	_, err = vorgang.UnmarshalStand([]byte("{"))
	require.Error(t, err)
}
