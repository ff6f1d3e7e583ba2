package pruefung_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func TestErst(t *testing.T) {
	p := pruefer(t, ohneStichprobe(entwurf(t)), optionen())
	pr, err := p.Check(t.Context(), []byte(gut), stichtag)
	require.NoError(t, err)
	require.Equal(t, vorgang.PruefungStandardfall, pr.Ausgang, "%+v", pr)
	t.Logf("%+v", pr)
	_, err = p.Replay(t.Context(), pr, []byte(gut))
	require.NoError(t, err)
	pr, err = p.Check(t.Context(), []byte(`{"halter":{}}`), stichtag)
	require.NoError(t, err)
	t.Logf("%+v", pr)
	p = pruefer(t, klein(`eingabe.l.all(x, eingabe.l.all(y, x+y>0))`), nil)
	pr, err = p.Check(t.Context(), []byte(`{"l":[1,2,3]}`), stichtag)
	require.NoError(t, err)
	t.Logf("%+v", pr)
}
