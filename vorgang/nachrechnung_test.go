package vorgang_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// anderesRecht counts nine days until a letter counts as announced.
var anderesRecht = sync.OnceValue(func() vorgang.Rechtsstand {
	w, err := frist.Load(strings.NewReader(`{"stand":"2026-01-01","quellen":{"Q":{"titel":"Gesetz"}},"regeln":[
{"id":"X-POST","norm":"§ 110","zweck":"bekanntgabe","verfahren":"vwvfg","kanal":"post","laender":["SH"],"n":9,"einheit":"tag","anker":"aufgabe","art":"fiktion","verschiebung":"nie","feiertagsort":"empfaenger","von":"2026-01-01","quelle":["Q"],"konfidenz":"A"}]}`), nil)
	if err != nil {
		panic(err)
	}
	return vorgang.Rechtsstand{Rechner: frist.New(&frist.Options{Regelwerk: w})}
})

// A letter on its way gets the new day; one that was announced is handed to a person, once
// per run. The journal replays and verifies.
func TestNachrechnung(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.do(f.v.Pull(sb, f.now()))
	d := f.get(f.v.Draft(sb, f.now(), inhalt()))
	f.do(f.v.SubmitDraft(sb, f.now(), d))
	f.do(f.v.ReleaseBescheid(leitung, f.now(), d))
	f.do(f.v.RecordAusfertigung(relay, f.now(), d, uuid.Nil, vorgang.Datei{Anhang: anhang(5)}))
	z := zustellung(uuid.UUID{7}, uuid.Nil, "brief", frist.KanalPost, datum.New(2026, 3, 2))
	f.do(f.v.RecordVersand(relay, f.now(), vorgang.Versand{Bescheid: d, Quittung: quittung(3), Zustellung: &z}))

	n := vorgang.Nachrechnung{Lauf: "Lauf 1", Freigabe: zweiteLeitung, Recht: anderesRecht()}
	_, err := f.v.ApplyNachrechnung(leitung, f.now(), vorgang.Nachrechnung{Lauf: "Lauf 1", Freigabe: leitung, Recht: anderesRecht()})
	require.Equal(t, "nachrechnung.vier-augen", codeVon(t, err))
	vertretung := zweiteLeitung
	vertretung.VertretungFuer = leitung.ID
	_, err = f.v.ApplyNachrechnung(leitung, f.now(), vorgang.Nachrechnung{Lauf: "Lauf 1", Freigabe: vertretung, Recht: anderesRecht()})
	require.ErrorIs(t, err, fehler.ErrForbidden, "a deputy is not a second person")
	_, err = f.v.ApplyNachrechnung(leitung, f.now(), vorgang.Nachrechnung{Freigabe: zweiteLeitung, Recht: anderesRecht()})
	require.Equal(t, "nachrechnung.lauf", codeVon(t, err))
	_, err = f.v.ApplyNachrechnung(leitung, f.now(), vorgang.Nachrechnung{Lauf: "x", Freigabe: zweiteLeitung})
	require.ErrorIs(t, err, fehler.ErrInvalid)

	ab, err := f.v.ApplyNachrechnung(leitung, f.now(), n)
	f.do(err)
	require.Len(t, ab, 1)
	require.Equal(t, vorgang.FolgeAendern, ab[0].Folge)
	require.Contains(t, ab[0].NeuesRecht, "X-POST")
	require.NotContains(t, ab[0].AltesRecht, "X-POST")
	require.Equal(t, datum.New(2026, 3, 11), f.v.Stand().Bescheide[0].Bekanntgabe.Tag)
	f.check()

	// Announced under the new law; then the law changes back.
	f.uhr = datum.New(2026, 3, 12).Beginn()
	f.do(f.v.RecordBekanntgabe(relay, f.now(), d))
	require.Equal(t, bescheid.Bekanntgegeben, f.v.Stand().Bescheide[0].Zustand)
	n.Recht = vorgang.Rechtsstand{Rechner: frist.New(nil)}
	ab, err = f.v.ApplyNachrechnung(leitung, f.now(), n)
	f.do(err)
	require.Equal(t, vorgang.FolgeVorlegen, ab[0].Folge)
	require.Equal(t, datum.New(2026, 3, 11), f.v.Stand().Bescheide[0].Bekanntgabe.Tag, "it stands")
	require.Len(t, f.v.Stand().Wiedervorlagen, 1)
	for range 2 {
		ab, err = f.v.ApplyNachrechnung(leitung, f.now(), n)
		f.do(err)
		require.Empty(t, ab)
		require.Len(t, f.v.Stand().Wiedervorlagen, 1)
	}
	n.Lauf = "Lauf 2"
	ab, err = f.v.ApplyNachrechnung(leitung, f.now(), n)
	f.do(err)
	require.Len(t, ab, 1, "another run hands it over again")
	f.check()
}
