package ozgcloud

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Feld is one item as it was read: Wert is the value as text ("ja", "nein" for truth
// values), Felder the members of a group.
type Feld struct {
	Name, Label, Wert string
	Felder            []Feld
}

func vorgangFelder(felder []Feld) []vorgang.Feld {
	var out []vorgang.Feld
	for _, f := range felder {
		out = append(out, vorgang.Feld{Name: f.Name, Label: f.Label, Wert: f.Wert, Felder: vorgangFelder(f.Felder)})
	}
	return out
}

// pfad is a JSON pointer whose text is made only for a problem.
type pfad []string

func (p pfad) String() string          { return strings.Join(p, "/") }
func (p pfad) with(s ...string) string { return strings.Join(append(p[:len(p):len(p)], s...), "/") }

// walker reads the generic tree and collects problems. None names a value.
type walker struct {
	tiefe, items, n int
	voll            bool
	p               fehler.Probleme
}

func (w *walker) add(code, pfad, meldung, hinweis string) {
	if len(w.p) < maxProbleme {
		w.p = append(w.p, fehler.Problem{Code: code, Pfad: pfad, Meldung: meldung, Hinweis: hinweis})
	}
}

func (w *walker) control(doc map[string]any) Control {
	m, ok := doc["control"].(map[string]any)
	if !ok {
		w.add("ozgcloud.control", "/control", "is missing or no object", "Die Steuerdaten des Antrags fehlen (control).")
		return Control{}
	}
	c := Control{
		TransactionID: w.text(m, "/control", "transactionId"), ZustaendigeStelle: w.text(m, "/control", "zustaendigeStelle"),
		FormID: w.text(m, "/control", "formId"), Name: w.text(m, "/control", "name"),
	}
	if !goodID(c.TransactionID) {
		w.add("ozgcloud.transaktion", "/control/transactionId", "is missing, longer than 200 bytes or holds control characters",
			"Die Kennung der Übertragung (transactionId) fehlt oder ist unbrauchbar.")
	}
	switch list := m["leikaIds"].(type) {
	case nil:
	case []any:
		for _, x := range list {
			s, ok := x.(string)
			if !ok {
				w.add("ozgcloud.control", "/control/leikaIds", "holds something that is no text", "Die Leistungsschlüssel (leikaIds) sind nicht lesbar.")
				break
			}
			c.LeikaIDs = append(c.LeikaIDs, s)
		}
	default:
		w.add("ozgcloud.control", "/control/leikaIds", "is no list", "Die Leistungsschlüssel (leikaIds) sind nicht lesbar.")
	}
	c.ServiceKonto = w.konto(m)
	return c
}

func (w *walker) konto(control map[string]any) *ServiceKonto {
	const at = "/control/serviceKonto"
	m, ok := control["serviceKonto"].(map[string]any)
	if !ok {
		if control["serviceKonto"] != nil {
			w.add("ozgcloud.control", at, "is no object", "Das Nutzerkonto (serviceKonto) ist nicht lesbar.")
		}
		return nil
	}
	k := &ServiceKonto{Type: w.text(m, at, "type"), TrustLevel: w.text(m, at, "trustLevel")}
	switch a := m["postfachAddress"].(type) {
	case nil:
	case map[string]any:
		k.PostfachAddress = &PostfachAddress{Identifier: w.text(a, at+"/postfachAddress", "identifier"), Type: w.text(a, at+"/postfachAddress", "type")}
	default:
		w.add("ozgcloud.control", at+"/postfachAddress", "is no object", "Das Postfach (postfachAddress) ist nicht lesbar.")
	}
	return k
}

// text reads a text; numbers pass, null and absent are empty.
func (w *walker) text(m map[string]any, at, key string) string {
	switch v := m[key].(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	}
	w.add("ozgcloud.control", at+"/"+key, "is no text", "Die Angabe „"+key+"“ in den Steuerdaten ist kein Text.")
	return ""
}

// goodID: what becomes a key is short and visible.
func goodID(s string) bool {
	return s != "" && len(s) <= maxKennung && strings.TrimSpace(s) == s && strings.IndexFunc(s, func(r rune) bool {
		return !unicode.IsPrint(r) || r == unicode.ReplacementChar
	}) < 0
}

func (w *walker) list(list []any, at pfad, depth int) []Feld {
	if len(list) > 0 && depth > w.tiefe {
		w.add("ozgcloud.zu-tief", at.String(), "nested deeper than "+strconv.Itoa(w.tiefe), "Die Formulardaten sind zu tief geschachtelt.")
		return nil
	}
	out := make([]Feld, 0, min(len(list), 64))
	for i, x := range list {
		if w.n++; w.n > w.items {
			if !w.voll {
				w.voll = true
				w.add("ozgcloud.zu-viele-items", at.String(), "more than "+strconv.Itoa(w.items)+" items", "Das Formular enthält zu viele Angaben.")
			}
			return out
		}
		here := append(at[:len(at):len(at)], strconv.Itoa(i))
		m, ok := x.(map[string]any)
		if !ok {
			w.add("ozgcloud.item", here.String(), "is no object", "Eine Angabe des Formulars ist nicht lesbar.")
			continue
		}
		out = append(out, w.item(m, here, depth))
	}
	return out
}

var werte = []string{"stringValue", "numberValue", "dateValue", "booleanValue", "formItems"}

func (w *walker) item(m map[string]any, at pfad, depth int) Feld {
	f := Feld{Name: w.name(m, at, "name"), Label: w.name(m, at, "label")}
	if strings.TrimSpace(f.Name) == "" {
		w.add("ozgcloud.item", at.with("name"), "is missing", "Eine Angabe des Formulars hat keinen Namen.")
	}
	if strings.TrimSpace(f.Label) == "" {
		f.Label = f.Name
	}
	found := ""
	for _, key := range werte {
		if m[key] == nil {
			continue
		}
		if found != "" {
			w.add("ozgcloud.mehrere-werte", at.String(), found+" and "+key+" in one item", "Eine Angabe des Formulars hat mehrere Werte.")
			return f
		}
		found = key
		if list, ok := m[key].([]any); ok && key == "formItems" {
			f.Felder = w.list(list, append(at[:len(at):len(at)], key), depth+1)
			continue
		}
		wert, ok := value(key, m[key])
		if !ok {
			w.add("ozgcloud.wert", at.with(key), "is not of the kind its key says", "Eine Angabe des Formulars hat die falsche Art von Wert.")
		}
		f.Wert = wert
	}
	return f
}

func (w *walker) name(m map[string]any, at pfad, key string) string {
	switch v := m[key].(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	}
	w.add("ozgcloud.item", at.with(key), "is no text", "Der Name einer Angabe des Formulars ist nicht lesbar.")
	return ""
}

// value gives the text of a value. Numbers, dates and truth values may be "", which
// is how some clients write that there is none.
func value(key string, v any) (string, bool) {
	s, isText := v.(string)
	switch key {
	case "stringValue":
		return s, isText
	case "numberValue":
		n, ok := v.(json.Number)
		return n.String(), ok || isText && s == ""
	case "dateValue":
		if s == "" {
			return "", isText
		}
		_, err := time.Parse(time.DateOnly, s)
		return s, err == nil
	case "booleanValue":
		b, ok := v.(bool)
		if ok && b {
			return "ja", true
		}
		if ok {
			return "nein", true
		}
		return "", isText && s == ""
	}
	return "", false
}
