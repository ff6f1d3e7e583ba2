package xdomea_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/dms/dmstest"
	"github.com/ozg-fachwerk/fachwerk/dms/xdomea"
	"github.com/ozg-fachwerk/fachwerk/dms/xdomea/schema"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// pruefer compiles the official schemas of a version as they are.
func pruefer(t testing.TB, version string) *schema.Pruefer {
	t.Helper()
	folders := []fs.FS{os.DirFS(testenv.Standards(t, "xdomea", version))}
	if version != "4.0.0" {
		folders = append(folders, os.DirFS(testenv.Standards(t, "xdomea", "xoev")))
	}
	p, err := schema.New(t.Context(), folders...)
	require.NoError(t, err)
	require.Equal(t, version, p.Version())
	return p
}

// A second validator, written independently of libxml2, must agree, on all that
// TestEveryMessageIsValid and TestEveryAnswerIsValid check, and on the negative controls.
func TestEveryMessageIsValidInPureGo(t *testing.T) {
	all := map[string]*schema.Pruefer{}
	for version := range versionen {
		all[version] = pruefer(t, version)
	}
	all400 := contents()
	all400["300 documents"] = func() *dms.Paket { return dmstest.Gross("g", 300) }
	every(t, all400, func(t *testing.T, version, _ string, _ xdomea.Inhalt, text []byte) {
		require.NoError(t, all[version].Validate(t.Context(), bytes.NewReader(text)))
		good := string(text)
		for name, bad := range map[string]string{
			"foreign element": strings.Replace(good, "<xdomea:ProzessID>", "<xdomea:Fremd/><xdomea:ProzessID>", 1),
			"value":           strings.Replace(good, "<xdomea:ProzessID>", "<xdomea:ProzessID>x", 1),
			"cut":             good[:len(good)-5],
		} {
			err := all[version].Validate(t.Context(), strings.NewReader(bad))
			require.ErrorIs(t, err, fehler.ErrInvalid, name)
			require.Equal(t, "xdomea.schema", fehler.ProblemeIn(err)[0].Code)
		}
	})
	for version, profil := range versionen {
		k, p := kodierer(version), profil()
		for nummer, bs := range antworten() {
			for i, b := range bs {
				if _, ok := p.Nachrichten[nummer]; !ok {
					continue
				}
				t.Run(fmt.Sprint(version, "/", nummer, "/", i), func(t *testing.T) {
					var buf bytes.Buffer
					require.NoError(t, k.WriteAntwort(&buf, b))
					require.NoError(t, all[version].Validate(t.Context(), &buf))
				})
			}
		}
	}
}

// The option: what is written and read is validated on the way.
func TestValidatesOnTheWay(t *testing.T) {
	for version, profil := range versionen {
		t.Run(version, func(t *testing.T) {
			p := pruefer(t, version)
			k := xdomea.New(profil(), &xdomea.Options{Schema: p, ReplaceInvalid: true})
			v := inhalte(func() *dms.Paket { return dmstest.Reich("r") })["0503"]
			var text, container bytes.Buffer
			require.NoError(t, k.Write(&text, v))
			require.NoError(t, k.Pack(t.Context(), &container, v))
			_, err := k.Read(t.Context(), bytes.NewReader(text.Bytes()))
			require.NoError(t, err)
			_, err = k.Unpack(t.Context(), bytes.NewReader(container.Bytes()), int64(container.Len()))
			require.NoError(t, err)

			// The reader alone would pass over a foreign element.
			bad := strings.Replace(text.String(), "<xdomea:ProzessID>", "<xdomea:Fremd/><xdomea:ProzessID>", 1)
			_, err = kodierer(version).Read(t.Context(), strings.NewReader(bad))
			require.NoError(t, err)
			_, err = k.Read(t.Context(), strings.NewReader(bad))
			require.ErrorIs(t, err, fehler.ErrInvalid)
			require.Equal(t, "xdomea.schema", fehler.ProblemeIn(err)[0].Code)
			_, err = k.Read(t.Context(), strings.NewReader(text.String()[:text.Len()/2]))
			require.Equal(t, "xdomea.xml", fehler.ProblemeIn(err)[0].Code, "what the reader finds goes first")

			// A profile that writes another order than the schema is found too.
			wrong := profil()
			wrong.Aufbau = xdomea.Aufbau{}
			for typ, namen := range profil().Aufbau {
				wrong.Aufbau[typ] = namen
			}
			wrong.Aufbau["Vorgang"] = append([]string{"Typ"}, profil().Aufbau["Vorgang"]...)
			err = xdomea.New(wrong, &xdomea.Options{Schema: p, ReplaceInvalid: true}).Write(&bytes.Buffer{}, v)
			require.ErrorIs(t, err, fehler.ErrInvalid)
			require.Equal(t, "xdomea.schema", fehler.ProblemeIn(err)[0].Code)

			other := "3.0.0"
			if version == other {
				other = "3.1.0"
			}
			err = xdomea.New(versionen[other](), &xdomea.Options{Schema: p}).Write(&bytes.Buffer{}, &dms.Anbietung{
				Kopf: kopf(dmstest.Minimal("m")), Objekte: []dms.Objekt{archiv(dmstest.Minimal("m"))}})
			require.ErrorIs(t, err, fehler.ErrUnsupported, "no schema of that version")
		})
	}
}

func TestAnswersAreValidatedOnTheWay(t *testing.T) {
	k := xdomea.New(xdomea.V310(), &xdomea.Options{Schema: pruefer(t, "3.1.0")})
	b := bestaetigungen()["partly"]
	var buf bytes.Buffer
	require.NoError(t, k.WriteAntwort(&buf, b))
	_, err := k.ReadAntwort(t.Context(), bytes.NewReader(buf.Bytes()))
	require.NoError(t, err)
	bad := strings.Replace(buf.String(), "<xdomea:Erfolgreich>1</xdomea:Erfolgreich>", "<xdomea:Erfolgreich>true</xdomea:Erfolgreich><xdomea:Fremd/>", 1)
	_, err = v310().ReadAntwort(t.Context(), strings.NewReader(bad))
	require.NoError(t, err)
	_, err = k.ReadAntwort(t.Context(), strings.NewReader(bad))
	require.ErrorIs(t, err, fehler.ErrInvalid)
}
