package pruefung

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/cel-go/checker"
	"github.com/google/cel-go/common/types/ref"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/ozg-fachwerk/fachwerk/internal/schema"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// werk is a Regelwerk ready to run. It is immutable and safe for concurrent use.
type werk struct {
	schema *jsonschema.Schema
	baum   any // the schema as a tree, for titles
	regeln []ausdruck
}

func uebersetze(a *Angaben) (*werk, fehler.Probleme) {
	p := &pruefer{}
	w := &werk{}
	w.baum, _ = lies(a.Schema, MaxDatei)
	if p.vermisst(w.baum); len(p.probleme) > 0 {
		return nil, p.probleme
	}
	s, err := schema.Compile("urn:fachwerk:pruefung:"+a.ID, a.Schema, true)
	if err != nil {
		p.fordere(false, "schema", "/schema", fehlerText(errors.New(strings.ReplaceAll(err.Error(), "\n", " "))),
			"Das Schema ist kein JSON-Schema, das für sich allein steht.")
	}
	w.schema = s
	e, err := umgebung(a.Nachschlagen)
	if err != nil {
		p.fordere(false, "nachschlag-name", "/nachschlagen", fehlerText(err), "Ein Nachschlagewerk lässt sich nicht anmelden.")
		return nil, p.probleme
	}
	sch := &schaetzer{w.baum}
	for i := range a.Regeln {
		r, prob := uebersetzeRegel(e, &a.Regeln[i], sch, a.kosten())
		if prob != nil {
			p.fordere(false, prob.code, fmt.Sprintf("/regeln/%d/ausdruck", i), prob.meldung, prob.hinweis)
			continue
		}
		w.regeln = append(w.regeln, r)
	}
	// In the order of their ids, whatever the order in the file: then the questions
	// asked and the outcome do not depend on it.
	slices.SortFunc(w.regeln, func(a, b ausdruck) int { return cmp.Compare(a.regel.ID, b.regel.ID) })
	return w, p.probleme
}

// MaxFunde is how many missing items, and how many wrong ones, of the schema are
// listed; one more entry then says that there are others.
const MaxFunde = 100

// befund is what the schema finds.
type befund struct {
	fehlt []vorgang.Nachforderungspunkt
	form  []vorgang.Pruefgrund
}

func (w *werk) pruefeSchema(eingabe any) befund {
	var b befund
	err := w.schema.Validate(eingabe)
	if err == nil {
		return b
	}
	if v, ok := errors.AsType[*jsonschema.ValidationError](err); ok {
		w.sammle(v, &b)
	} else {
		b.form = append(b.form, vorgang.Pruefgrund{Code: codeForm, Text: "Die Daten lassen sich nicht mit dem Schema vergleichen."})
	}
	slices.SortFunc(b.fehlt, func(x, y vorgang.Nachforderungspunkt) int { return cmp.Compare(x.Pfad, y.Pfad) })
	slices.SortFunc(b.form, func(x, y vorgang.Pruefgrund) int { return cmp.Compare(x.Pfad, y.Pfad) })
	// Cut after sorting: the order of findings is one of chance.
	if b.fehlt = slices.Compact(b.fehlt); len(b.fehlt) > MaxFunde {
		b.fehlt = append(b.fehlt[:MaxFunde:MaxFunde], vorgang.Nachforderungspunkt{Text: "Es fehlen noch weitere Angaben."})
	}
	if b.form = slices.Compact(b.form); len(b.form) > MaxFunde {
		b.form = append(b.form[:MaxFunde:MaxFunde], vorgang.Pruefgrund{Code: codeForm, Text: "Noch weitere Angaben haben nicht die vorgesehene Form."})
	}
	return b
}

func (w *werk) sammle(v *jsonschema.ValidationError, b *befund) {
	var fehlt []string
	switch k := v.ErrorKind.(type) {
	case *kind.Required:
		fehlt = k.Missing
	case *kind.DependentRequired:
		fehlt = k.Missing
	case *kind.Dependency:
		fehlt = k.Missing
	case *kind.Schema, *kind.Group, *kind.Reference, *kind.AllOf:
		for _, c := range v.Causes {
			w.sammle(c, b)
		}
		return
	default:
		// Below anyOf, oneOf and not there is no telling what the applicant meant.
		pfad := pfadVon(v.InstanceLocation)
		b.form = append(b.form, vorgang.Pruefgrund{Code: codeForm, Pfad: pfad,
			Text: "Die Angabe " + titelVon(w.baum, v.InstanceLocation) + " hat nicht die vorgesehene Form."})
		return
	}
	for _, name := range fehlt {
		ort := append(slices.Clone(v.InstanceLocation), name)
		b.fehlt = append(b.fehlt, vorgang.Nachforderungspunkt{Pfad: pfadVon(ort), Text: "Bitte geben Sie " + titelVon(w.baum, ort) + " an."})
	}
}

func pfadVon(ort []string) string {
	var p string
	for _, o := range ort {
		p = zeiger(p, o)
	}
	return p
}

// titelVon is the title that the schema gives a place, or else its last name.
func titelVon(baum any, ort []string) string {
	if t, ok := folge(baum, ort)["title"].(string); ok && t != "" {
		return "„" + t + "“"
	}
	if len(ort) == 0 {
		return "„Antrag“"
	}
	return "„" + ort[len(ort)-1] + "“"
}

// folge walks a schema along a place in the data; nil where it does not say it
// plainly with properties and items.
func folge(baum any, ort []string) map[string]any {
	m := aufgeloest(baum, baum)
	for _, o := range ort {
		if p, ok := m["properties"].(map[string]any); ok && p[o] != nil {
			m = aufgeloest(baum, p[o])
		} else if items, ok := m["items"]; ok {
			m = aufgeloest(baum, items)
		} else {
			return nil
		}
	}
	return m
}

// aufgeloest follows references; a schema has no circles, see vermisst.
func aufgeloest(baum, s any) map[string]any {
	m, _ := s.(map[string]any)
	if ref, ok := m["$ref"].(string); ok && m["title"] == nil {
		if ziel, ok := stelle(baum, ref); ok {
			return aufgeloest(baum, ziel)
		}
	}
	return m
}

// schaetzer tells the compiler how large values can be, by the bounds of the
// schema, and both compiler and run what a question costs.
type schaetzer struct{ baum any }

func (s *schaetzer) EstimateSize(n checker.AstNode) *checker.SizeEstimate {
	pfad := n.Path()
	if len(pfad) == 0 || pfad[0] != eingabeName {
		return &checker.SizeEstimate{Max: ohneAnspruch}
	}
	m := folge(s.baum, pfad[1:])
	var groesse int64
	for _, k := range []string{"maxItems", "maxLength", "maxProperties"} {
		if n, ok := m[k].(int64); ok {
			groesse = max(groesse, n)
		}
	}
	if groesse <= 0 {
		groesse = ohneAnspruch
	}
	return &checker.SizeEstimate{Max: uint64(groesse)}
}

func (s *schaetzer) EstimateCallCost(function, _ string, _ *checker.AstNode, _ []checker.AstNode) *checker.CallEstimate {
	if function != frageName {
		return nil
	}
	return &checker.CallEstimate{CostEstimate: checker.CostEstimate{Min: kostenFrage, Max: kostenFrage},
		ResultSize: &checker.SizeEstimate{Max: ohneAnspruch}}
}

func (s *schaetzer) CallCost(function, _ string, _ []ref.Val, _ ref.Val) *uint64 {
	if function != frageName {
		return nil
	}
	k := uint64(kostenFrage)
	return &k
}
