package schema

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// klein is a schema with the recursion of the official ones: an Anlage is a Dokument
// that is extended, and a Dokument has Anlagen.
var klein = map[string]string{
	"xdomea-Nachrichten-AbgabeDurchfuehren.xsd": `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:x="urn:xoev-de:xdomea:schema:9.0.0"
 targetNamespace="urn:xoev-de:xdomea:schema:9.0.0" elementFormDefault="qualified"><xs:include schemaLocation="http://example.org/elsewhere/xdomea-Baukasten.xsd"/>
 <xs:element name="Abgabe.Abgabe.0401"><xs:complexType><xs:sequence><xs:element name="Dokument" type="x:DokumentType"/></xs:sequence></xs:complexType></xs:element></xs:schema>`,
	"xdomea-Baukasten.xsd": `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:x="urn:xoev-de:xdomea:schema:9.0.0"
 targetNamespace="urn:xoev-de:xdomea:schema:9.0.0" elementFormDefault="qualified">
 <xs:complexType name="DokumentType"><xs:sequence><xs:element name="ID" type="xs:string"/><xs:element name="Anlage" type="x:AnlageDokumentType" minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:complexType>
 <xs:complexType name="AnlageDokumentType"><xs:complexContent><xs:extension base="x:DokumentType"><xs:sequence><xs:element name="Nummer" type="xs:int" minOccurs="0"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType></xs:schema>`,
}

func folder(files map[string]string) fstest.MapFS {
	out := fstest.MapFS{}
	for name, text := range files {
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

func TestRecursiveTypes(t *testing.T) {
	p, err := New(t.Context(), fstest.MapFS{}, folder(klein))
	require.NoError(t, err)
	require.Equal(t, "9.0.0", p.Version())
	wrap := func(s string) string {
		return `<a:Abgabe.Abgabe.0401 xmlns:a="urn:xoev-de:xdomea:schema:9.0.0"><a:Dokument>` + s + `</a:Dokument></a:Abgabe.Abgabe.0401>`
	}
	good := `<a:ID>1</a:ID><a:Anlage><a:ID>2</a:ID><a:Anlage><a:ID>3</a:ID></a:Anlage><a:Nummer>1</a:Nummer></a:Anlage>`
	require.NoError(t, p.Validate(t.Context(), strings.NewReader(wrap(good))))
	for name, bad := range map[string]string{
		"order":           `<a:ID>1</a:ID><a:Anlage><a:Nummer>1</a:Nummer><a:ID>2</a:ID></a:Anlage>`,
		"no Nummer here":  `<a:ID>1</a:ID><a:Nummer>1</a:Nummer>`,
		"secret in value": `<a:ID>1</a:ID><a:Anlage><a:ID>2</a:ID><a:Nummer>geheim</a:Nummer></a:Anlage>`,
		"unknown":         `<a:ID>1</a:ID><a:Geheim/>`,
	} {
		err := p.Validate(t.Context(), strings.NewReader(wrap(bad)))
		require.ErrorIs(t, err, fehler.ErrInvalid, name)
		require.NotContains(t, strings.ToLower(err.Error()), "geheim", "content is not told")
	}
	for _, s := range []string{"", "x", "<!DOCTYPE a><a/>", strings.Repeat(" ", maxWurzel+1) + "<a/>"} {
		require.ErrorIs(t, p.Validate(t.Context(), strings.NewReader(s)), fehler.ErrInvalid)
	}
	for _, s := range []string{"<a/>", `<a xmlns="urn:xoev-de:xdomea:schema:9.0.0"/>`, `<A.B.0501 xmlns="urn:xoev-de:xdomea:schema:9.0.0"/>`, `<A.B.0401 xmlns="urn:xoev-de:xdomea:schema:8.0.0"/>`} {
		require.ErrorIs(t, p.Validate(t.Context(), strings.NewReader(s)), fehler.ErrUnsupported, s)
	}
}

func TestNewRefuses(t *testing.T) {
	change := func(name, from, to string) map[string]string {
		out := map[string]string{}
		for n, s := range klein {
			if n == name {
				s = strings.Replace(s, from, to, 1)
			}
			out[n] = s
		}
		return out
	}
	const abgabe, bau = "xdomea-Nachrichten-AbgabeDurchfuehren.xsd", "xdomea-Baukasten.xsd"
	_, err := New(t.Context(), fstest.MapFS{})
	require.ErrorIs(t, err, fehler.ErrNotFound)
	mixed := change(abgabe, "", "")
	mixed["xdomea-Nachrichten-InformationAustauschen.xsd"] = strings.ReplaceAll(klein[abgabe], "9.0.0", "8.0.0")
	for name, files := range map[string]map[string]string{
		"other namespace": change(abgabe, "targetNamespace=\"urn:xoev-de", "targetNamespace=\"urn:other"),
		"two versions":    mixed,
		"broken":          change(bau, "</xs:schema>", ""),
		"no base":         change(bau, "base=\"x:DokumentType\"", "base=\"x:Fehlt\""),
		"itself as base":  change(bau, "base=\"x:DokumentType\"", "base=\"x:AnlageDokumentType\""),
		"part is missing": {abgabe: klein[abgabe]},
		"too large":       change(bau, "<xs:complexType name=\"D", strings.Repeat(" ", maxSchema)+"<xs:complexType name=\"D"),
	} {
		_, err := New(t.Context(), folder(files))
		require.ErrorIs(t, err, fehler.ErrInvalid, name)
	}
}

func FuzzInline(f *testing.F) {
	for _, s := range klein {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) { _, _ = inline(in) })
}
