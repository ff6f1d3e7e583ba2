package fitconnect_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// official compiles a published schema; formats are annotations unless asserted.
func official(t testing.TB, version string, formats bool) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	if formats {
		c.AssertFormat()
	}
	s, err := c.Compile(testenv.Standards(t, "fit-connect", "schemas", "metadata-"+version+".schema.json"))
	require.NoError(t, err)
	return s
}

func officialAccepts(t testing.TB, s *jsonschema.Schema, raw []byte) bool {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	require.NoError(t, err)
	return s.Validate(doc) == nil
}

const hash128 = "b79efd82d70d3a51daf1cd4209a2cdde802853e7d292e26b78417bedbd493819f0fb41364bacb26adada719be845f090c77a4ae0a52160cf4a395c5cb4c1a8ab"

// full documents hold every member the schemas know, so that a mutation of any
// place is possible.
func fullMetadata(version string) map[string]any {
	hash := map[string]any{"type": "sha512", "content": hash128}
	signature := map[string]any{"signatureFormat": "cms", "detachedSignature": true, "content": "TUlJ",
		"eidasAdesProfile": "http://uri.etsi.org/ades/191x2/level/baseline/B-LT#"}
	attachment := map[string]any{"hash": hash, "purpose": "form", "filename": "antrag.pdf", "description": "Antrag",
		"mimeType": "application/pdf", "attachmentId": "879ee109-a690-4db8-ab32-424284184d7d", "signature": signature}
	m := map[string]any{
		"$schema": "https://schema.fitko.de/fit-connect/metadata/" + version + "/metadata.schema.json",
		"contentStructure": map[string]any{
			"data": map[string]any{"hash": hash, "signature": signature, "submissionSchema": map[string]any{
				"schemaUri": "https://schema.fitko.de/fim/s00000096_1.0.schema.json", "mimeType": "application/json"}},
			"attachments": []any{attachment}},
		"paymentInformation": map[string]any{"transactionUrl": "https://pay.example.org/1", "transactionId": "T-1",
			"transactionReference": "R 1", "transactionTimestamp": "2026-09-01T10:00:00Z", "paymentMethod": "OTHER",
			"paymentMethodDetail": "SEPA", "status": "BOOKED", "grossAmount": json.Number("12.50")},
		"additionalReferenceInfo": map[string]any{"senderReference": "x", "applicationDate": "2026-09-01"},
	}
	if version == "1.0.0" {
		m["publicServiceType"] = map[string]any{"name": "Anmeldung", "description": "x", "identifier": "urn:de:fim:leika:leistung:99115005104000"}
		m["authenticationInformation"] = []any{map[string]any{"type": "identificationReport", "version": "1.0.0", "content": "eyJh.e30."}}
		return m
	}
	attachment["fragments"] = []any{"179ee109-a690-4db8-ab32-424284184d7d", "279ee109-a690-4db8-ab32-424284184d7d"}
	m["author"] = map[string]any{"name": "Portal", "description": "x", "url": "https://example.org",
		"product": map[string]any{"name": "P", "description": "x", "version": "1", "manufacturer": "M"}}
	m["dataSets"] = []any{map[string]any{"dataSetId": "379ee109-a690-4db8-ab32-424284184d7d", "hash": hash, "description": "x",
		"schema": map[string]any{"schemaUri": fitconnect.SchemaIdentificationReport, "mimeType": "application/jose"}, "content": "eyJh.e30.x"}}
	info := m["additionalReferenceInfo"].(map[string]any)
	info["idBundDeApplicationId"], info["zustimmungZumDigitalenBescheid"] = "479ee109-a690-4db8-ab32-424284184d7d", false
	return m
}

func replyChannels(version string) []any {
	zeichen := "0123456789"
	all := []any{
		nil,
		map[string]any{"eMail": map[string]any{"address": "a@example.org", "pgpPublicKey": "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nxyz"}},
		map[string]any{"deMail": map[string]any{"address": "a@example.org"}},
		map[string]any{"fink": map[string]any{"finkPostfachRef": "a/b~c", "host": "https://example.org"}},
		map[string]any{"elster": map[string]any{"accountId": "0123456789", "lieferTicket": "x", "geschaeftszeichen": zeichen}},
	}
	if version != "1.0.0" {
		all = append(all,
			map[string]any{"idBundDeMailbox": map[string]any{"mailboxUuid": "579ee109-a690-4db8-ab32-424284184d7d"}},
			map[string]any{"fitConnect": map[string]any{"processStandards": []any{"urn:xoev-de:bmk:standard:xbau_2.3"},
				"encryptionPublicKey": map[string]any{"kty": "RSA", "key_ops": []any{"wrapKey"}, "alg": "RSA-OAEP-256",
					"kid": "12345678", "e": "AQAB", "n": strings.Repeat("x", 683)}}})
	}
	return all
}

// place is one value inside a document, with the way to change it.
type place struct {
	path   string
	value  any
	set    func(any)
	remove func()
	add    func() // an unknown member, for objects
}

func places(path string, v any, out *[]place) {
	switch x := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(func(yield func(string) bool) {
			for k := range x {
				if !yield(k) {
					return
				}
			}
		}) {
			*out = append(*out, place{path + "/" + name, x[name], func(n any) { x[name] = n }, func() { delete(x, name) }, nil})
			places(path+"/"+name, x[name], out)
		}
		*out = append(*out, place{path: path, value: x, add: func() { x["unbekannt"] = true }})
	case []any:
		for i := range x {
			*out = append(*out, place{fmt.Sprintf("%s/%d", path, i), x[i], func(n any) { x[i] = n }, nil, nil})
			places(fmt.Sprintf("%s/%d", path, i), x[i], out)
		}
	}
}

// hostile are values for any place; each is clearly of or not of the formats.
var hostile = []any{nil, true, json.Number("0"), json.Number("1"), json.Number("0.005"), json.Number("0.29"), json.Number("-3"),
	json.Number("1e2"), "", "x", "ä", "application/xml", "text/plain; charset=utf-8", strings.Repeat("y", 37), strings.Repeat("z", 256),
	strings.Repeat("a", 151), "12345678901", hash128, strings.ToUpper(hash128), "data", "report", "0123456789a", "PAYPAL", "1.0.0", "01.0.0",
	"urn:a:b", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n", []any{}, []any{"x", "x"}, []any{json.Number("1")}, map[string]any{}, map[string]any{"a": "b"},
	[]any{"679ee109-a690-4db8-ab32-424284184d7d", "679ee109-a690-4db8-ab32-424284184d7d"},
	"679ee109-a690-4db8-ab32-424284184d7d", strings.Repeat("1", 61)}

// The hand-written rules and the official schemas must say the same about
// documents that differ from a valid one in up to two places.
func TestCheckMetadataAgreesWithOfficialSchema(t *testing.T) {
	for _, version := range []string{"1.0.0", "2.1.0"} {
		t.Run(version, func(t *testing.T) {
			schema := official(t, version, false)
			channels := replyChannels(version)
			counts := map[bool]int{}
			check := func(fatal func(string, ...any), doc map[string]any, what string) {
				raw, err := json.Marshal(doc)
				require.NoError(t, err)
				p := fitconnect.CheckMetadata(raw)
				if s, ok := doc["$schema"].(string); !ok || !strings.Contains(s, "/"+version+"/") {
					return // another version: there is no official schema to compare with
				}
				want := officialAccepts(t, schema, raw)
				counts[want]++
				if want != (len(p) == 0) {
					fatal("%s: official accepts=%v, own findings=%v", what, want, p)
				}
			}
			mutate := func(doc map[string]any, which, how int) string {
				var all []place
				places("", doc, &all)
				pl := all[which%len(all)]
				switch {
				case pl.add != nil:
					pl.add()
					return "unknown member in " + pl.path
				case pl.remove != nil && how%(len(hostile)+1) == len(hostile):
					pl.remove()
					return "without " + pl.path
				default:
					v := hostile[how%len(hostile)]
					pl.set(v)
					return fmt.Sprintf("%s = %v", pl.path, v)
				}
			}
			build := func(channel int) map[string]any {
				doc := fullMetadata(version)
				if c := replyChannels(version)[channel%len(channels)]; c != nil {
					doc["replyChannel"] = c
				}
				return doc
			}
			for channel := range channels {
				check(t.Fatalf, build(channel), "unchanged")
				var all []place
				places("", build(channel), &all)
				for which := range all {
					if channel > 0 && !strings.HasPrefix(all[which].path, "/replyChannel") {
						continue // the rest was changed with the first channel
					}
					for how := range len(hostile) + 1 {
						doc := build(channel)
						what := mutate(doc, which, how)
						check(t.Fatalf, doc, what)
					}
				}
			}
			rapid.Check(t, func(rt *rapid.T) {
				doc := build(rapid.IntRange(0, 99).Draw(rt, "channel"))
				what := mutate(doc, rapid.IntRange(0, 9999).Draw(rt, "a"), rapid.IntRange(0, 9999).Draw(rt, "b")) + ", " +
					mutate(doc, rapid.IntRange(0, 9999).Draw(rt, "c"), rapid.IntRange(0, 9999).Draw(rt, "d"))
				check(rt.Fatalf, doc, what)
			})
			require.Greater(t, counts[true], 100, "the comparison saw enough valid documents")
			require.Greater(t, counts[false], 500, "and enough invalid ones")
			t.Logf("%d valid and %d invalid documents compared", counts[true], counts[false])
		})
	}
}

func TestCheckMetadataSamples(t *testing.T) {
	for _, name := range []string{"metadata-1.0.0.json", "metadata-2.1.0.json"} {
		raw := standard(t, "samples", name)
		require.Empty(t, fitconnect.CheckMetadata(raw), name)
		require.Empty(t, fitconnect.CheckMetadataFormats(raw), name)
		m, err := fitconnect.ParseMetadata(raw)
		require.NoError(t, err)
		require.True(t, m.ContentStructure.Data.Hash.Matches(standard(t, "samples", "data-fim.json")))
		require.True(t, m.ContentStructure.Attachments[0].Hash.Matches(standard(t, "samples", "attachment-form.pdf")))
		again, err := json.Marshal(m)
		require.NoError(t, err)
		require.JSONEq(t, string(raw), string(again), "nothing is lost in a round trip")
	}
}

func TestCheckMetadataVersions(t *testing.T) {
	doc := func(schema any) []byte {
		m := fullMetadata("2.1.0")
		if m["$schema"] = schema; schema == nil {
			delete(m, "$schema")
		}
		raw, err := json.Marshal(m)
		require.NoError(t, err)
		return raw
	}
	uri := func(v string) string {
		return "https://schema.fitko.de/fit-connect/metadata/" + v + "/metadata.schema.json"
	}
	for _, c := range []struct {
		schema any
		code   string // of the first finding; empty for none
	}{
		{uri("2.1.0"), ""}, {uri("2.0.0"), ""}, {uri("2.9.3"), ""}, {uri("1.3.0"), ""}, {nil, ""},
		{uri("3.0.0"), "fitconnect.unsupported-schema"}, {uri("0.9.6"), "fitconnect.unsupported-schema"},
		{"https://schema.example.org/metadata/2.1.0/metadata.schema.json", "fitconnect.unsupported-schema"},
		{"", "fitconnect.unsupported-schema"}, {7, "fitconnect.schema-violation"},
	} {
		p := fitconnect.CheckMetadata(doc(c.schema))
		if c.code == "" {
			require.Empty(t, p, "%v", c.schema)
			continue
		}
		require.NotEmpty(t, p, "%v", c.schema)
		require.Equal(t, c.code, p[0].Code)
		require.Equal(t, "metadata", p[0].Pfad)
	}
	// A later minor version may know references that 2.1.0 forbids.
	m := fullMetadata("2.2.0")
	m["additionalReferenceInfo"].(map[string]any)["neu"] = 1
	raw, err := json.Marshal(m)
	require.NoError(t, err)
	require.Empty(t, fitconnect.CheckMetadata(raw))
}

func TestMetadataHostile(t *testing.T) {
	for name, raw := range map[string]string{
		"empty": "", "null": "null", "array": "[]", "two": "{}{}", "latin1": "{\"a\":\"\xe4\"}",
		"duplicate": `{"contentStructure":{},"contentStructure":{}}`,
		"deep":      strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200),
		"many":      `{"contentStructure":{"attachments":[` + strings.Repeat("1,", 250_000) + `1]}}`,
		"exponent":  `{"contentStructure":{"attachments":[]},"paymentInformation":{"transactionReference":"a","transactionId":"a","paymentMethod":"OTHER","status":"BOOKED","grossAmount":1e999999999}}`,
	} {
		t.Run(name, func(t *testing.T) {
			p := fitconnect.CheckMetadata([]byte(raw))
			require.NotEmpty(t, p)
			require.LessOrEqual(t, len(p), 50)
		})
	}
}

func TestMetadataKeepsWhatItDoesNotKnow(t *testing.T) {
	const raw = `{"$schema":"https://schema.fitko.de/fit-connect/metadata/2.1.0/metadata.schema.json",
	 "contentStructure":{"attachments":[]},"publicService":{"identifier":"urn:x:y"},"REPLYCHANNEL":{"eMail":{"address":"wrong@example.org"}},
	 "replyChannel":{"brieftaube":{"schlag":7}},"paymentInformation":{"transactionReference":"a","transactionId":"b","paymentMethod":"OTHER","status":"BOOKED","grossAmount":0.10}}`
	m, err := fitconnect.ParseMetadata([]byte(raw))
	require.NoError(t, err)
	require.Contains(t, m.Extra, "publicService")
	require.Contains(t, m.Extra, "REPLYCHANNEL", "names match exactly")
	require.Nil(t, m.ReplyChannel.EMail)
	require.JSONEq(t, `{"schlag":7}`, string(m.ReplyChannel.Extra["brieftaube"]))
	require.Equal(t, "0.10", m.PaymentInformation.GrossAmount.String(), "the decimal text, not a float")
	require.Nil(t, m.AdditionalReferenceInfo)
	again, err := json.Marshal(m)
	require.NoError(t, err)
	require.JSONEq(t, raw, string(again))
}

func TestFindingsHoldNoValues(t *testing.T) {
	m := fullMetadata("2.1.0")
	m["replyChannel"] = map[string]any{"eMail": map[string]any{"address": "geheim@example", "pgpPublicKey": "geheim"}}
	m["paymentInformation"].(map[string]any)["status"] = "geheim"
	raw, err := json.Marshal(m)
	require.NoError(t, err)
	p := append(fitconnect.CheckMetadata(raw), fitconnect.CheckMetadataFormats(raw)...)
	require.GreaterOrEqual(t, len(p), 2)
	require.NotContains(t, fehler.Probleme(p).Error(), "geheim")
	_, err = fitconnect.ParseMetadata([]byte(`{"contentStructure":"geheim"}`))
	require.Error(t, err)
	require.NotContains(t, err.Error(), "geheim")
}

func TestCheckMetadataFormats(t *testing.T) {
	for path, change := range map[string]func(map[string]any){
		"/additionalReferenceInfo/applicationDate": func(m map[string]any) {
			m["additionalReferenceInfo"].(map[string]any)["applicationDate"] = "01.09.2026"
		},
		"/paymentInformation/transactionTimestamp": func(m map[string]any) {
			m["paymentInformation"].(map[string]any)["transactionTimestamp"] = "gestern"
		},
		"/replyChannel/eMail/address": func(m map[string]any) {
			m["replyChannel"] = map[string]any{"eMail": map[string]any{"address": "niemand"}}
		},
		"/contentStructure/data/submissionSchema/schemaUri": func(m map[string]any) {
			m["contentStructure"].(map[string]any)["data"].(map[string]any)["submissionSchema"].(map[string]any)["schemaUri"] = "kein uri"
		},
	} {
		m := fullMetadata("2.1.0")
		change(m)
		raw, err := json.Marshal(m)
		require.NoError(t, err)
		require.Empty(t, fitconnect.CheckMetadata(raw), "%s: formats are annotations", path)
		p := fitconnect.CheckMetadataFormats(raw)
		require.Len(t, p, 1, path)
		require.True(t, strings.HasPrefix(p[0].Meldung, path+":"), p[0].Meldung)
		require.False(t, officialAccepts(t, official(t, "2.1.0", true), raw), "%s: an asserting validator refuses it too", path)
	}
}

func TestCheckDataSyntax(t *testing.T) {
	for _, c := range []struct {
		mime, data string
		ok         bool
	}{
		{"application/json", `{"a":1}`, true}, {"application/json", `{"a":1`, false}, {"application/json", ``, false},
		{"application/xml", `<a><b/></a>`, true}, {"application/xml", `<a><b></a>`, false}, {"application/xml", `<a/><b/>`, false},
		{"application/xml", ``, false}, {"application/xml", `<?xml version="1.0" encoding="ISO-8859-1"?><a>` + "\xe4" + `</a>`, true},
		{"application/xml", `<!DOCTYPE a SYSTEM "a.dtd"><a>&b;</a>`, true}, // left to a later check
		{"application/xml", strings.Repeat("<a>", 2000) + strings.Repeat("</a>", 2000), false},
		{"application/pdf", "%PDF", true},
	} {
		require.Equal(t, c.ok, len(fitconnect.CheckDataSyntax(c.mime, []byte(c.data))) == 0, "%s %.40q", c.mime, c.data)
	}
}

func FuzzMetadata(f *testing.F) {
	for _, v := range []string{"1.0.0", "2.1.0"} {
		raw, err := json.Marshal(fullMetadata(v))
		require.NoError(f, err)
		f.Add(raw)
	}
	f.Add([]byte(`{"contentStructure":{"attachments":[]},"paymentInformation":{"grossAmount":1e5}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p := fitconnect.CheckMetadata(raw)
		fitconnect.CheckMetadataFormats(raw)
		m, err := fitconnect.ParseMetadata(raw)
		if len(p) == 0 {
			require.NoError(t, err, "what passes the rules can be decoded")
		}
		if err != nil {
			return
		}
		out, err := json.Marshal(m)
		require.NoError(t, err)
		again, err := fitconnect.ParseMetadata(out)
		require.NoError(t, err)
		require.Equal(t, m.Schema, again.Schema)
	})
}
