package xmltoken_test

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/internal/xmltoken"
)

var weit = xmltoken.Limits{Bytes: 1 << 20, Token: 1000, Depth: 10}

// read gives the names and texts of a document in a row.
func read(ctx context.Context, r io.Reader, l xmltoken.Limits) (string, error) {
	x := xmltoken.New(ctx, r, l)
	var out strings.Builder
	for depth := 0; ; {
		t, err := x.Next()
		if err != nil {
			return out.String(), err
		}
		switch t := t.(type) {
		case xml.StartElement:
			depth++
			out.WriteString("<" + t.Name.Local)
		case xml.CharData:
			out.Write(t)
		case xml.EndElement:
			if depth--; depth == 0 {
				return out.String() + ">", x.Finish()
			}
			out.WriteString(">")
		}
	}
}

func TestReader(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("<a>", 11) + strings.Repeat("</a>", 11)
	for name, c := range map[string]struct {
		in   string
		l    xmltoken.Limits
		want string
		err  error
	}{
		"plain":               {`<?xml version="1.0"?><a>x<b/><!-- c -->y</a> <!-- d -->`, weit, "<ax<b>y>", nil},
		"byte order mark":     {"\ufeff<a/>", weit, "<a>", nil},
		"exactly as large":    {"<a>1234</a>", xmltoken.Limits{Bytes: 11, Token: 3, Depth: 1}, "<a1234>", nil},
		"too large":           {"<a>1234</a>", xmltoken.Limits{Bytes: 10, Token: 10, Depth: 1}, "", xmltoken.ErrBytes},
		"too many":            {"<a><b/></a>", xmltoken.Limits{Bytes: 100, Token: 3, Depth: 5}, "", xmltoken.ErrToken},
		"comments count":      {"<a><!----><!----><!----></a>", xmltoken.Limits{Bytes: 100, Token: 3, Depth: 5}, "", xmltoken.ErrToken},
		"too deep":            {deep, weit, "", xmltoken.ErrDepth},
		"document type":       {`<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>`, weit, "", xmltoken.ErrDoctype},
		"entity":              {`<a>&e;</a>`, weit, "", xmltoken.ErrSyntax},
		"cut off":             {"<a><b>", weit, "", xmltoken.ErrSyntax},
		"empty":               {"", weit, "", xmltoken.ErrSyntax},
		"two bytes":           {"<a", weit, "", xmltoken.ErrSyntax},
		"crossed":             {"<a><b></a></b>", weit, "", xmltoken.ErrSyntax},
		"content behind":      {"<a/>x", weit, "<a>", xmltoken.ErrSyntax},
		"second root":         {"<a/><b/>", weit, "<a>", xmltoken.ErrSyntax},
		"doctype behind":      {"<a/><!DOCTYPE b>", weit, "<a>", xmltoken.ErrSyntax},
		"invalid UTF-8":       {"<a>\xff</a>", weit, "", xmltoken.ErrSyntax},
		"other encoding":      {`<?xml version="1.0" encoding="ISO-8859-1"?><a/>`, weit, "", xmltoken.ErrEncoding},
		"larger behind a BOM": {"\ufeff<a>1234</a>", xmltoken.Limits{Bytes: 13, Token: 10, Depth: 1}, "", xmltoken.ErrBytes},
	} {
		for _, r := range []io.Reader{strings.NewReader(c.in), iotest.OneByteReader(strings.NewReader(c.in))} {
			got, err := read(t.Context(), r, c.l)
			require.ErrorIs(t, err, c.err, name)
			if c.err == nil || c.want != "" {
				require.Equal(t, c.want, got, name)
			}
		}
	}
}

func TestReaderEnds(t *testing.T) {
	t.Parallel()
	kaputt := errors.New("geheim")
	for _, vorn := range []string{"", "<", "<a>", "<a>" + strings.Repeat("x", 5000)} {
		_, err := read(t.Context(), io.MultiReader(strings.NewReader(vorn), iotest.ErrReader(kaputt)), weit)
		s, ok := errors.AsType[*xmltoken.SourceError](err)
		require.True(t, ok, "%q: %v", vorn, err)
		require.ErrorIs(t, s, kaputt)
		require.NotContains(t, err.Error(), "geheim")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := read(ctx, strings.NewReader("<a>"+strings.Repeat("<b/>", 2000)+"</a>"), xmltoken.Limits{Bytes: 1 << 20, Token: 1 << 20, Depth: 3})
	require.ErrorIs(t, err, context.Canceled)
	_, err = read(t.Context(), iotest.ErrReader(context.Canceled), weit)
	require.ErrorIs(t, err, context.Canceled)
}

func FuzzReader(f *testing.F) {
	for _, s := range []string{"<a>x</a>", "\ufeff<a/>", `<!DOCTYPE a><a/>`, "<a><b></a>", "<a>&lt;</a><!-- -->"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := read(t.Context(), strings.NewReader(s), xmltoken.Limits{Bytes: 4096, Token: 200, Depth: 20})
		again, errAgain := read(t.Context(), iotest.OneByteReader(strings.NewReader(s)), xmltoken.Limits{Bytes: 4096, Token: 200, Depth: 20})
		if err == nil && (len(s) > 4096 || errAgain != nil || got != again) {
			t.Fatalf("%q: %v, %q and %q", s, errAgain, got, again)
		}
	})
}
