package zuordnung_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// A channel that knows nothing but bytes: Leistung, place and applicant come from the form.
func TestTheFormSaysWhereItBelongs(t *testing.T) {
	store := memory.Open(nil)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	mandanten, rules, err := tenant.LoadKonfiguration([]byte(`{"mandanten":[{"id":"kreis","name":"Kreis","land":"SH","ars":"010570000000","anschrift":{},
		"einheiten":[{"id":"gruen","name":"Grün"}]}],"zustaendigkeiten":[{"leistung":"99102014000000","gebiet":"01057","mandant":"kreis","einheit":"gruen"}]}`))
	require.NoError(t, err)
	a, err := intake.New(intake.Params{
		Store: store, Blobs: blob.NewMemory(nil), Mandanten: mandanten, Router: rules, Betreiber: "kreis", Parser: []intake.Parser{newParser(t, nil)},
	}, nil)
	require.NoError(t, err)
	l := intake.Lieferung{Kanal: "test", Kennung: "1",
		Fachdaten: intake.Bytes(uuid.New(), "d.json", "application/json", vorgang.ZweckOriginal, []byte(fullJSON)),
		Dateien:   []intake.Teil{intake.Bytes(uuid.New(), "x.txt", "text/plain", vorgang.ZweckAnlage, []byte("Plan"))}}
	r, err := a.Receive(t.Context(), l)
	require.NoError(t, err)
	require.Equal(t, intake.Angenommen, r.Ausgang, "%v", r.Probleme)
	v, err := store.Get(t.Context(), r.Mandant, r.Vorgang)
	require.NoError(t, err)
	s := v.Stand()
	require.EqualValues(t, "99102014000000", s.Leistung)
	require.Equal(t, "gruen", s.Einheit)
	require.Equal(t, "R-1", s.Antrag.Referenz)
	require.Equal(t, "Erika Mustermann", s.Antrag.Antragsteller.Name)
	require.Equal(t, "plan.pdf", s.Dateien[1].Name)
	require.Equal(t, "x.txt", l.Dateien[0].Name, "the caller's Teile are not touched")
}
