package zuordnung

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/antchfx/xmlquery"
	"github.com/stretchr/testify/require"
	"github.com/theory/jsonpath"
	"pgregory.net/rapid"
)

// findJSON and findXML run one selector; places in the order found.
func findJSON(t require.TestingT, doc, sel string) (orte []string) {
	p, err := compile(sel, JSON, nil)
	require.NoError(t, err, sel)
	k, err := readJSON(ctx, []byte(doc), Grenzen{}.withDefaults())
	require.NoError(t, err)
	list, err := (&sucher{ctx: ctx, wurzel: k, schritte: 1e6}).find(p)
	require.NoError(t, err)
	for _, k := range list {
		orte = append(orte, strings.TrimPrefix(k.ort(), "data"))
	}
	return orte
}

func referenz(t require.TestingT, doc, sel string) (orte []string) {
	q, err := jsonpath.Parse(sel)
	require.NoError(t, err, sel)
	d := json.NewDecoder(strings.NewReader(doc))
	var v any
	require.NoError(t, d.Decode(&v))
	for n := range q.SelectLocated(v).All() {
		orte = append(orte, n.Path.Pointer())
	}
	return orte
}

// Selectors find what an independent implementation of RFC 9535 finds. It does not
// keep the order of members, so the places are compared as sets with repetitions.
func TestJSONPathReferenz(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"a", "b", "ä", "c d", "x~/y"})
		var value func(depth int) any
		value = func(depth int) any {
			n := rapid.IntRange(0, 7).Draw(t, "kind")
			if depth > 4 && n < 3 {
				n = 4
			}
			switch n {
			case 0, 1:
				m := map[string]any{}
				for range rapid.IntRange(0, 3).Draw(t, "members") {
					m[name.Draw(t, "name")] = value(depth + 1)
				}
				return m
			case 2:
				list := []any{}
				for range rapid.IntRange(0, 3).Draw(t, "items") {
					list = append(list, value(depth+1))
				}
				return list
			case 3:
				return nil
			case 4:
				return rapid.Bool().Draw(t, "bool")
			case 5:
				return rapid.SampledFrom([]float64{0, 1, -1, 1.5}).Draw(t, "number")
			}
			return rapid.SampledFrom([]string{"x", "y", "1", ""}).Draw(t, "text")
		}
		doc, err := json.Marshal(value(0))
		require.NoError(t, err)
		seg := rapid.SampledFrom([]string{".a", ".b", "['c d']", "[\"x~/y\"]", ".ä", "[0]", "[-1]", "[2]", ".*", "[*]", "..a", "..*", "..[0]", "..['b']",
			"[?@.a]", "[?@.a=='x']", "[?(@.b == 1.0)]", "..[?@.a==true]", "[?@==null]", "[?'x'==@]", "[?@.a==-1&&@.b]", "[? @[0] == 1e0 ]", "[?@['c d']=='']", " .a"})
		var sel strings.Builder
		sel.WriteByte('$')
		for range rapid.IntRange(0, 4).Draw(t, "segments") {
			sel.WriteString(seg.Draw(t, "segment"))
		}
		got, want := findJSON(t, string(doc), sel.String()), referenz(t, string(doc), sel.String())
		slices.Sort(got)
		slices.Sort(want)
		require.Equal(t, want, got, "%s in %s", sel.String(), doc)
	})
}

// What is not valid by the RFC is not taken either.
func TestJSONPathSyntax(t *testing.T) {
	for _, s := range []string{"", "a", "$.", "$..", "$.1", "$[", "$[]", "$[01]", "$[-0]", "$['a", "$['a\\x']", "$[\"\\'\"]", "$ ", "$.a ", "$[?]", "$[?@.a==]", "$[?@.a=='x'", "$[?@.a==01]", "$[?@.a==.5]", "$[a]", "$.a.[0]", "$['\x01']", "$['\\ud800']", "$['\xff']"} {
		_, err := compile(s, JSON, nil)
		require.Error(t, err, s)
		_, err = jsonpath.Parse(s)
		if utf8.ValidString(s) && s != "$['\\ud800']" {
			require.Error(t, err, "the reference: %s", s)
		}
	}
	for _, s := range []string{"$[0,1]", "$[1:2]", "$[?@.a!='x']", "$[?@.a<1]", "$[?@.a||@.b]", "$[?length(@)==1]", "$[?@..a=='x']", "$[?@.a==@.b]", "$" + strings.Repeat(".a", 33), "$." + strings.Repeat("a", 500)} {
		_, err := compile(s, JSON, nil)
		require.Error(t, err, "not part of the subset: %s", s)
	}
	require.Equal(t, []string{"/b/a", "/c/0/a"}, findJSON(t, `{"b":{"a":1},"c":[{"a":2}]}`, "$..a"), "in the order of the document")
}

// Selectors find what an independent implementation of XPath finds, in its order.
func TestXPathReferenz(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"a", "b", "p:a", "p:c"})
		var element func(b *bytes.Buffer, depth int)
		element = func(b *bytes.Buffer, depth int) {
			n := name.Draw(t, "name")
			fmt.Fprintf(b, `<%s`, n)
			if rapid.Bool().Draw(t, "attribute") {
				fmt.Fprintf(b, ` x="%s"`, rapid.SampledFrom([]string{"1", "2"}).Draw(t, "value"))
			}
			b.WriteByte('>')
			if kids := rapid.IntRange(0, 3).Draw(t, "children"); depth < 4 && kids > 0 {
				for range kids {
					element(b, depth+1)
				}
			} else {
				b.WriteString(rapid.SampledFrom([]string{"", "u", "v"}).Draw(t, "text"))
			}
			fmt.Fprintf(b, `</%s>`, n)
		}
		var b bytes.Buffer
		b.WriteString(`<r xmlns:p="urn:p">`)
		for range rapid.IntRange(0, 3).Draw(t, "children") {
			element(&b, 1)
		}
		b.WriteString(`</r>`)
		seg := rapid.SampledFrom([]string{"/r", "/a", "//a", "//p:a", "/*", "//*", "//*[@x]", "//b[@x='1']", "/a[1]", "//a[2]", "//*[p:c]", "//*[b/a]", "//*[a/@x='1']"})
		sel := rapid.SampledFrom([]string{"", "/r"}).Draw(t, "begin")
		for range rapid.IntRange(1, 3).Draw(t, "steps") {
			sel += seg.Draw(t, "step")
		}
		p, err := compile(sel, XML, map[string]string{"p": "urn:p"})
		require.NoError(t, err, sel)
		k, err := readXML(ctx, b.Bytes(), Grenzen{}.withDefaults())
		require.NoError(t, err)
		list, err := (&sucher{ctx: ctx, wurzel: k, schritte: 1e6}).find(p)
		require.NoError(t, err)
		got := []string{}
		for _, k := range list {
			got = append(got, k.ort())
		}
		doc, err := xmlquery.Parse(bytes.NewReader(b.Bytes()))
		require.NoError(t, err)
		nodes, err := xmlquery.QueryAll(doc, sel)
		require.NoError(t, err, sel)
		want := []string{}
		for _, n := range nodes {
			want = append(want, xmlOrt(n))
		}
		slices.Sort(got)
		slices.Sort(want)
		require.Equal(t, slices.Compact(want), got, "%s in %s", sel, b.String()) // the library gives some twice
	})
}

func xmlOrt(n *xmlquery.Node) string {
	s := ""
	for ; n.Parent != nil; n = n.Parent {
		pos := 1
		for p := n.PrevSibling; p != nil; p = p.PrevSibling {
			if p.Type == xmlquery.ElementNode && p.Data == n.Data {
				pos++
			}
		}
		s = fmt.Sprintf("/%s[%d]%s", n.Data, pos, s)
	}
	return s
}

func TestXPathSyntax(t *testing.T) {
	for _, s := range []string{"", "a", "/", "//", "/a/", "/a[", "/a[]", "/a[0]", "/a[@b=x]", "/a[@b='x]", "/@a/b", "/a[.]", "/q:a", "/a|/b", "/a[last()]", "/a/..", "/a[1=1]", "/\xff"} {
		_, err := compile(s, XML, map[string]string{"p": "urn:p"})
		require.Error(t, err, s)
	}
	for _, s := range []string{"/a[.='x']", "//*:a", "/*:a/@*", "/a[ @p:b = \"x\" ]", "/a[b/@c='1'][2]", "/ä-b.c"} {
		_, err := compile(s, XML, map[string]string{"p": "urn:p"})
		require.NoError(t, err, s)
	}
}

// A position counts among those that the predicates before it left, for each
// parent: two here. (xmlquery 1.5.2 finds one, so this is not compared with it.)
func TestXPathPosition(t *testing.T) {
	p, err := compile("//a[@x='2'][1]", XML, nil)
	require.NoError(t, err)
	k, err := readXML(ctx, []byte(`<r><a><a><a x="2"/><a/></a><a x="2"/><a x="2"/></a><a/></r>`), Grenzen{}.withDefaults())
	require.NoError(t, err)
	list, err := (&sucher{ctx: ctx, wurzel: k, schritte: 1e6}).find(p)
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, "/r[1]/a[1]/a[1]/a[1]", list[0].ort())
	require.Equal(t, "/r[1]/a[1]/a[2]", list[1].ort())
}
