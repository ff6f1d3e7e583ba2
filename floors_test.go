package fachwerk_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
)

const modul = "github.com/ozg-fachwerk/fachwerk"

// floors of the top folders; a package imports only floors below its own.
var floors = map[string]int{
	"tenant": 0, "messaging": 1, "bescheid": 2, "vorgang": 3, "storage": 4, "intake": 5, "dms": 5, "betrieb": 6, "examples": 7,
}

// only narrows what a package and those below it may import of the module: a
// backend, channel or DMS adapter imports the port it implements and nothing
// beside it. The longest entry counts. An entry stands for the package and, with
// "/...", for those below it.
var only = map[string][]string{
	"messaging/":            {"messaging", "tenant/..."},
	"messaging/fitconnect":  {"messaging/fitconnect", "tenant/..."}, // the protocol knows no letters; intake receives with it too
	"bescheid/frist":        {"bescheid/frist", "tenant/..."},       // legal time knows only the Land
	"bescheid/pdf":          {"bescheid/pdf", "bescheid/pdf/trennung", "tenant/..."},
	"bescheid/pdf/trennung": {},
	"bescheid/pdf/code":     {"tenant/..."},
	"bescheid/pdf/html":     {"bescheid/pdf", "bescheid/pdf/trennung", "tenant/..."},
	"storage/driver":        {"tenant/..."},
	"dms/":                  {"dms", "tenant/..."},
	"vorgang/din91379":      {"tenant/fehler"}, // letters know nothing else
	// no import of vorgang, so that vorgang can use it
	"vorgang/person": {"vorgang/din91379", "messaging", "tenant/..."},
	// templates, fees and their law; it runs no rules and knows no channel
	"vorgang/entwurf":              {"vorgang", "bescheid", "bescheid/vorlage", "bescheid/gebuehr", "bescheid/geld", "tenant/..."},
	"vorgang/pruefung":             {"vorgang", "tenant/..."},                                               // rules know the record they make
	"messaging/fitconnect/antwort": {"messaging", "messaging/fitconnect", "tenant/..."},                     // a Kanal, which replies with the protocol
	"messaging/ozgpostfach":        {"messaging", "messaging/ozgpostfach", "tenant/..."},                    // its double speaks its examples
	"messaging/bundid":             {"messaging", "messaging/bundid", "messaging/fitconnect", "tenant/..."}, // the mailbox is reached through the protocol
	"bescheid/gebuehr":             {"bescheid/gebuehr", "bescheid/geld", "bescheid/frist", "tenant/..."},   // fees know legal time, no letter and no payment
	"bescheid/zahlung":             {"bescheid/zahlung/...", "bescheid/geld", "tenant/..."},                 // money knows no decision and no letter
	"dms/uebergabe":                {"dms/uebergabe", "dms/uebergabe/signatur", "tenant/..."},               // the port signs; its adapters know nothing else
	"dms/uebergabe/signatur":       {"tenant/..."},
	"dms/uebergabe/feed":           {"vorgang", "storage", "tenant/..."},                                                                                                      // what happened in the journals, as the store tells it
	"dms/uebergabe/melder":         {"dms/uebergabe/feed", "dms/uebergabe/signatur", "vorgang", "storage", "tenant/..."},                                                      // pushes the feed, signed
	"dms/uebergabe/dienst":         {"dms/uebergabe", "dms/uebergabe/signatur", "vorgang", "bescheid", "messaging", "storage", "storage/blob", "storage/relay", "tenant/..."}, // no adapter: it turns a Vorgang into a Sendung, and answers into commands
	"bescheid/siegel/rfc3161":      {"tenant/..."},                                                                                                                            // time stamps know no document
}

// beside lists what a package imports within its own top folder other than the
// packages above it, or beyond its entry in only, each with the reason.
var beside = map[[2]string]string{
	{"bescheid", "bescheid/frist"}:                                         "a Bekanntgabe is computed with the legal time below it",
	{"bescheid/siegel", "bescheid/pdf"}:                                    "the room it fills is made there",
	{"bescheid/ausfertigung", "bescheid/pdf/code"}:                         "the codes of a letter",
	{"bescheid/ausfertigung", "bescheid/pdf"}:                              "the document is set here and written there",
	{"storage", "storage/blob"}:                                            "which files are referred to is known here, what becomes of the others there",
	{"storage", "storage/driver"}:                                          "the portable type sits on the contract of the backends",
	{"storage/memory", "storage/driver"}:                                   "the contract it implements",
	{"storage/sqlite", "storage/driver"}:                                   "the contract it implements",
	{"storage/postgres", "storage/driver"}:                                 "the contract it implements",
	{"storage/internal/sqltx", "storage/driver"}:                           "the contract both SQL backends implement",
	{"storage/sqlite", "storage/internal/sqltx"}:                           "the SQL both backends share",
	{"storage/postgres", "storage/internal/sqltx"}:                         "the SQL both backends share",
	{"storage/storagetest", "storage/driver"}:                              "the suite tests drivers",
	{"storage/relay/zustellung", "storage/blob"}:                           "the handler reads attachments and keeps the Ausfertigung",
	{"storage/relay/pruefung", "vorgang/pruefung"}:                         "the handler runs the rules",
	{"storage/relay/weiterleitung", "storage/blob"}:                        "the handler brings the files to the other Mandant",
	{"dms/dmstest", "dms/xdomea"}:                                          "the simulated DMS speaks the standard",
	{"dms/veraktung", "vorgang"}:                                           "the handler of the wing, no adapter: it turns a Vorgang into a Paket",
	{"dms/veraktung", "bescheid/pdf"}:                                      "as above: the conversation as a document",
	{"dms/veraktung", "messaging"}:                                         "as above: the letters of the Vorgang",
	{"dms/veraktung", "storage"}:                                           "as above: it reads the Vorgang and reports back",
	{"dms/veraktung", "storage/blob"}:                                      "as above: the files of the Vorgang",
	{"dms/veraktung", "storage/relay"}:                                     "as above: it performs Auftraege",
	{"storage/blob/s3", "storage/blob"}:                                    "the contract it implements",
	{"intake/intelliform", "intake/zuordnung"}:                             "a vendor's forms are configurations of it",
	{"intake/formsolutions", "intake/zuordnung"}:                           "a vendor's forms are configurations of it",
	{"intake/formcycle", "intake/zuordnung"}:                               "a vendor's forms are configurations of it",
	{"storage/internal/absturz", "storage/driver"}:                         "the kill test watches what backends are asked",
	{"internal/pgtest", "internal/testenv"}:                                "both serve tests",
	{"internal/s3test", "internal/testenv"}:                                "both serve tests",
	{"messaging/bundid/bundidtest", "messaging/fitconnect/fitconnecttest"}: "the ZBP of the tests is a destination of the delivery service of the tests",
	{"bescheid/vorlage", "bescheid/pdf"}:                                   "a filled template becomes blocks of a document",
	{"dms/uebergabe/webhook", "dms/uebergabe/links"}:                       "the links to files in its events",
}

// testOnly may be imported by tests alone.
var testOnly = []string{"internal/testenv", "internal/pgtest", "internal/s3test", "storage/internal/absturz"}

// thirdParty bounds what the core pulls in outside tests, over all it imports of
// the module. The longest entry counts.
var thirdParty = map[string][]string{
	"tenant":                {},
	"tenant/regelwerk":      {"go.yaml.in/yaml/v3"}, // a package of its own, so that tenant needs no YAML
	"messaging":             {"github.com/google/uuid"},
	"messaging/fitconnect":  {"github.com/google/uuid", "github.com/go-jose/go-jose/v4", "golang.org/x/time"},
	"bescheid":              {"github.com/google/uuid"},
	"bescheid/frist":        {},
	"bescheid/pdf":          {"github.com/go-text/typesetting", "github.com/go-fonts/liberation", "golang.org/x/image"},
	"bescheid/pdf/code":     {"github.com/boombuler/barcode"},
	"bescheid/siegel":       {"github.com/go-text/typesetting", "github.com/go-fonts/liberation", "golang.org/x/image"}, // by the room it fills
	"bescheid/ausfertigung": {"github.com/google/uuid", "github.com/go-text/typesetting", "github.com/go-fonts/liberation", "golang.org/x/image", "github.com/boombuler/barcode"},
	"vorgang":               {"github.com/google/uuid", "github.com/go-json-experiment/json"},
	"vorgang/din91379":      {"golang.org/x/text/unicode/norm"},
	"vorgang/person":        {"github.com/google/uuid", "golang.org/x/text/unicode/norm", "github.com/go-playground/validator/v10"},
	// The templates bring the document they become and YAML.
	"vorgang/entwurf":        {"github.com/google/uuid", "github.com/go-json-experiment/json", "github.com/go-text/typesetting", "github.com/go-fonts/liberation", "golang.org/x/image", "go.yaml.in/yaml/v3"},
	"vorgang/pruefung":       {"github.com/google/uuid", "github.com/go-json-experiment/json", "github.com/google/cel-go", "github.com/santhosh-tekuri/jsonschema/v6"},
	"storage":                {"github.com/google/uuid", "github.com/go-json-experiment/json", "golang.org/x/text/unicode/norm"},
	"storage/sqlite":         {"github.com/google/uuid", "github.com/go-json-experiment/json", "golang.org/x/text/unicode/norm", "modernc.org/sqlite"},
	"storage/postgres":       {"github.com/google/uuid", "github.com/go-json-experiment/json", "golang.org/x/text/unicode/norm", "github.com/jackc/pgx/v5"},
	"storage/relay":          {"github.com/google/uuid", "github.com/go-json-experiment/json", "golang.org/x/text/unicode/norm", "github.com/go-text/typesetting", "github.com/go-fonts/liberation", "golang.org/x/image", "github.com/boombuler/barcode"},
	"storage/relay/pruefung": {"github.com/google/uuid", "github.com/go-json-experiment/json", "golang.org/x/text/unicode/norm", "github.com/go-text/typesetting", "github.com/go-fonts/liberation", "golang.org/x/image", "github.com/boombuler/barcode", "github.com/google/cel-go", "github.com/santhosh-tekuri/jsonschema/v6"},
	"storage/blob":           {},
	"dms/xdomea":             {"github.com/google/uuid", "golang.org/x/text/unicode/norm"},
	"dms/xdomea/schema":      {"github.com/jacoelho/xsd"}, // a package of its own, for those who validate at run time
	// For tests alone, see testOnly.
	"storage/internal/absturz": {"github.com/google/uuid", "github.com/go-json-experiment/json", "golang.org/x/text/unicode/norm", "github.com/stretchr/testify"},
	"storage/blob/s3":          {"github.com/minio/minio-go/v7"},
	"messaging/smtp":           {"github.com/google/uuid", "github.com/wneessen/go-mail", "golang.org/x/time", "golang.org/x/net/idna"},
	"messaging/ozgpostfach":    {"github.com/google/uuid", "golang.org/x/oauth2"},
	"messaging/bundid":         {"github.com/google/uuid", "github.com/go-jose/go-jose/v4", "golang.org/x/time"},
	"bescheid/gebuehr":         {}, // money is cents and exact fractions, see docs/dependencies.md
	// a package of its own, so that fees need no YAML
	"bescheid/gebuehr/gebuehryaml": {"go.yaml.in/yaml/v3"},
	"bescheid/zahlung":             {},
	"bescheid/vorlage":             {"github.com/google/uuid", "github.com/go-text/typesetting", "github.com/go-fonts/liberation", "golang.org/x/image", "go.yaml.in/yaml/v3"},
	"dms/uebergabe":                {"github.com/google/uuid", "github.com/cloudevents/sdk-go/v2/event", "github.com/santhosh-tekuri/jsonschema/v6"},
	"dms/uebergabe/signatur":       {},
	"dms/uebergabe/feed":           {"github.com/google/uuid", "github.com/cloudevents/sdk-go/v2/event", "github.com/go-json-experiment/json", "golang.org/x/text/unicode/norm", "github.com/go-text/typesetting", "github.com/go-fonts/liberation", "golang.org/x/image", "github.com/boombuler/barcode"},
	"dms/uebergabe/melder":         {"github.com/google/uuid", "github.com/cloudevents/sdk-go/v2/event", "github.com/go-json-experiment/json", "golang.org/x/text/unicode/norm", "github.com/go-text/typesetting", "github.com/go-fonts/liberation", "golang.org/x/image", "github.com/boombuler/barcode"},
	"dms/uebergabe/dienst":         {"github.com/google/uuid", "github.com/cloudevents/sdk-go/v2/event", "github.com/santhosh-tekuri/jsonschema/v6", "github.com/go-json-experiment/json", "golang.org/x/text/unicode/norm", "github.com/go-text/typesetting", "github.com/go-fonts/liberation", "golang.org/x/image", "github.com/boombuler/barcode", "github.com/gabriel-vasile/mimetype"},
	"dms/uebergabe/jetstream":      {"github.com/google/uuid", "github.com/cloudevents/sdk-go/v2/event", "github.com/santhosh-tekuri/jsonschema/v6", "github.com/nats-io/nats.go"},
	"bescheid/siegel/rfc3161":      {},
}

// pkg is a package with its imports; those of the module without its path.
type pkg struct{ imports, tests map[string]bool }

func top(p string) string { t, _, _ := strings.Cut(p, "/"); return t }

func isKit(p string) bool { return strings.HasSuffix(p, "test") && !strings.HasPrefix(p, "internal/") }

// longest gives the longest key that is p or lies above it; a key ending in "/"
// stands for everything below, not for the folder itself.
func longest[V any](m map[string]V, p string) (v V, ok bool) {
	best := -1
	for k, x := range m {
		hit := p == k || strings.HasPrefix(p, k+"/") || (strings.HasSuffix(k, "/") && strings.HasPrefix(p, k))
		if hit && len(k) > best {
			best, v, ok = len(k), x, true
		}
	}
	return v, ok
}

func matches(list []string, p string) bool {
	return slices.ContainsFunc(list, func(k string) bool {
		if base, all := strings.CutSuffix(k, "/..."); all {
			return p == base || strings.HasPrefix(p, base+"/")
		}
		return p == k
	})
}

// violations checks a graph of packages and names each breach: "a -> b: rule".
func violations(graph map[string]pkg, beside map[[2]string]string) []string {
	var out []string
	add := func(from, to, rule string) { out = append(out, from+" -> "+to+": "+rule) }
	for _, p := range slices.Sorted(maps.Keys(graph)) {
		if _, ok := floors[top(p)]; !ok && p != "." && top(p) != "internal" {
			add(p, p, "the folder has no floor")
			continue
		}
		for _, q := range slices.Sorted(maps.Keys(graph[p].imports)) {
			if strings.Contains(top(q), ".") || !isModule(q) {
				continue
			}
			_, listed := beside[[2]string{p, q}]
			own, narrowed := longest(only, p)
			switch {
			case listed:
			case slices.Contains(testOnly, q):
				add(p, q, "serves tests alone")
			case top(q) == "internal":
				if n := inModule(graph[q].imports); n > 0 {
					add(p, q, "an internal package that others use imports nothing of the module")
				}
			case narrowed && !matches(own, q):
				add(p, q, "imports more than its port and the ground floor")
			case top(p) == top(q):
				if !strings.HasPrefix(p, q+"/") && top(p) != "tenant" && top(p) != "examples" && !matches(own, q) {
					add(p, q, "a package beside it")
				}
			case floors[top(q)] >= floors[top(p)] || top(p) == "internal":
				add(p, q, "not on a floor below")
			}
		}
		for _, q := range slices.Sorted(maps.Keys(graph[p].tests)) {
			if isModule(q) && top(q) != "internal" && top(p) != "internal" && p != "." && top(q) != top(p) && !isKit(q) && floors[top(q)] >= floors[top(p)] {
				add(p+" (tests)", q, "not on a floor below and no test kit")
			}
		}
		if allowed, ok := longest(thirdParty, p); ok && !isKit(p) {
			for m := range modules(graph, p, map[string]bool{}) {
				if !slices.ContainsFunc(allowed, func(a string) bool { return m == a || strings.HasPrefix(m, a+"/") }) {
					add(p, m, "the core does not pull this in")
				}
			}
		}
	}
	out = append(out, cycles(graph)...)
	slices.Sort(out)
	return out
}

func isModule(p string) bool {
	_, ok := floors[top(p)]
	return ok || top(p) == "internal"
}

func inModule(imports map[string]bool) (n int) {
	for q := range imports {
		if isModule(q) {
			n++
		}
	}
	return n
}

// modules gives the third-party packages that p reaches through the module.
func modules(graph map[string]pkg, p string, seen map[string]bool) map[string]bool {
	out := map[string]bool{}
	if seen[p] {
		return out
	}
	seen[p] = true
	for q := range graph[p].imports {
		if isModule(q) {
			maps.Copy(out, modules(graph, q, seen))
		} else if strings.Contains(top(q), ".") {
			out[q] = true
		}
	}
	return out
}

// cycles finds circles between top folders, whatever the tables allow.
func cycles(graph map[string]pkg) []string {
	edges := map[string]map[string]bool{}
	for p, x := range graph {
		for q := range x.imports {
			if isModule(q) && top(q) != top(p) {
				if edges[top(p)] == nil {
					edges[top(p)] = map[string]bool{}
				}
				edges[top(p)][top(q)] = true
			}
		}
	}
	var out []string
	for start := range edges {
		seen := map[string]bool{}
		var walk func(string) bool
		walk = func(t string) bool {
			for q := range edges[t] {
				if q == start {
					return true
				}
				if !seen[q] {
					seen[q] = true
					if walk(q) {
						return true
					}
				}
			}
			return false
		}
		if walk(start) {
			out = append(out, start+" -> "+start+": a circle between top folders")
		}
	}
	return out
}

// load reads the imports of every package of the module.
func load(t *testing.T) map[string]pkg {
	t.Helper()
	root := testenv.Root(t)
	graph := map[string]pkg{}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() {
			if file != root && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(file, ".go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		p := path.Clean(filepath.ToSlash(dir))
		if _, ok := graph[p]; !ok {
			graph[p] = pkg{map[string]bool{}, map[string]bool{}}
		}
		for _, i := range f.Imports {
			q, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			q = strings.TrimPrefix(q, modul+"/")
			if strings.HasSuffix(file, "_test.go") {
				graph[p].tests[q] = true
			} else {
				graph[p].imports[q] = true
			}
		}
		return nil
	})
	require.NoError(t, err)
	return graph
}

func TestFloors(t *testing.T) {
	t.Parallel()
	graph := load(t)
	require.Greater(t, len(graph), 10)
	for _, v := range violations(graph, beside) {
		t.Error(v)
	}
	for pair, reason := range beside {
		require.NotEmpty(t, reason, "%v has no reason", pair)
		if _, ok := graph[pair[0]]; ok {
			require.True(t, graph[pair[0]].imports[pair[1]], "%s no longer imports %s: delete the exception", pair[0], pair[1])
		}
	}
}

// Each rule is broken once; the checker must name exactly the breach.
func TestFloorsCanFail(t *testing.T) {
	t.Parallel()
	for from, c := range map[string]struct{ to, want string }{
		"tenant":                   {"messaging", "not on a floor below"},
		"vorgang":                  {"storage", "not on a floor below"},
		"intake":                   {"dms", "not on a floor below"},
		"dms":                      {"intake", "not on a floor below"},
		"storage/relay":            {"examples/durchlauf", "not on a floor below"},
		"storage/sqlite":           {"storage/postgres", "a package beside it"},
		"storage":                  {"storage/relay", "a package beside it"},
		"storage/driver":           {"storage", "imports more"},
		"messaging/portal":         {"messaging/fitconnect", "imports more"},
		"messaging/fitconnect":     {"messaging/portal", "imports more"},
		"messaging/brief":          {"bescheid", "imports more"},
		"messaging/brief/x":        {"github.com/wneessen/go-mail", "the core does not pull this in"},
		"messaging/smtp":           {"messaging/portal", "imports more"},
		"messaging/ozgpostfach":    {"messaging/fitconnect", "imports more"},
		"messaging/fitconnect/x":   {"messaging/portal", "imports more"},
		"bescheid/frist":           {"messaging", "imports more"},
		"bescheid/pdf":             {"bescheid/frist", "imports more"},
		"bescheid/gebuehr":         {"bescheid/pdf", "imports more"},
		"bescheid/gebuehr/x":       {"github.com/shopspring/decimal", "the core does not pull this in"},
		"dms/xdomea":               {"vorgang", "imports more"},
		"dms/verzeichnis":          {"dms/xdomea", "imports more"},
		"vorgang/din91379":         {"tenant", "imports more"},
		"vorgang/person":           {"vorgang", "imports more"},
		"vorgang/pruefung":         {"bescheid/frist", "imports more"},
		"vorgang/entwurf":          {"vorgang/pruefung", "imports more"},
		"intake/fim":               {"intake/fitconnect", "a package beside it"},
		"intake/ozgcloud":          {"intake/fim", "a package beside it"},
		"intake/intaketest":        {"intake/fim", "a package beside it"},
		"intake/fitconnect":        {"betrieb", "not on a floor below"},
		"betrieb":                  {"examples/durchlauf", "not on a floor below"},
		"storage/memory":           {"internal/testenv", "serves tests alone"},
		"bescheid":                 {"github.com/go-text/typesetting/font", "the core does not pull this in"},
		"tenant/datum":             {"github.com/google/uuid", "the core does not pull this in"},
		"bescheid/frist/tabelle":   {"go.yaml.in/yaml/v3", "the core does not pull this in"},
		"storage/internal/sqltx":   {"github.com/minio/minio-go/v7", "the core does not pull this in"},
		"storage/blob":             {"github.com/minio/minio-go/v7/pkg/credentials", "the core does not pull this in"},
		"storage/blob/s3":          {"github.com/jackc/pgx/v5", "the core does not pull this in"},
		"storage/postgres":         {"internal/s3test", "serves tests alone"},
		"cmd/werkzeug":             {"fmt", "the folder has no floor"},
		"messaging/messagingother": {"storage", "imports more"},
	} {
		graph := map[string]pkg{from: {imports: map[string]bool{c.to: true, "context": true}}}
		got := strings.Join(violations(graph, nil), "\n")
		require.Contains(t, got, from+" -> ", "%s -> %s passes", from, c.to)
		require.Contains(t, got, c.want)
	}
	set := func(s ...string) map[string]bool {
		m := map[string]bool{}
		for _, x := range s {
			m[x] = true
		}
		return m
	}
	require.NotEmpty(t, violations(map[string]pkg{"tenant": {tests: set("storage")}}, nil), "a test reaches up")
	require.Empty(t, violations(map[string]pkg{"messaging": {tests: set("storage/storagetest", "internal/testenv")}}, nil), "a test may use a kit")
	// A module that comes in through another package of the core.
	require.NotEmpty(t, violations(map[string]pkg{
		"vorgang": {imports: set("bescheid/pdf")}, "bescheid/pdf": {imports: set("github.com/go-text/typesetting/font")},
	}, nil))
	// An exception is no licence for a circle.
	require.Contains(t, strings.Join(violations(map[string]pkg{
		"vorgang": {imports: set("storage")}, "storage": {imports: set("vorgang")},
	}, map[[2]string]string{{"vorgang", "storage"}: "r"}), "\n"), "circle")
	require.Contains(t, strings.Join(violations(map[string]pkg{
		"intake": {imports: set("internal/x")}, "internal/x": {imports: set("vorgang")},
	}, nil), "\n"), "an internal package that others use")
	// What the design asks for passes.
	require.Empty(t, violations(map[string]pkg{
		"tenant": {imports: set("tenant/fehler", "fmt")}, "tenant/fehler": {}, "messaging": {imports: set("tenant", "github.com/google/uuid")},
		"messaging/portal": {imports: set("messaging", "tenant/fehler")}, "storage/sqlite": {imports: set("storage", "tenant", "modernc.org/sqlite")},
		"storage": {imports: set("vorgang")}, "vorgang": {imports: set("bescheid", "messaging", "tenant/datum")}, "examples/x": {imports: set("intake", "dms/xdomea", "storage/sqlite")},
	}, nil))
}
