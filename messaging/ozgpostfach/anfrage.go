package ozgpostfach

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// weg fills the placeholders of a path. Each value stays within its segment.
func weg(vorlage string, wert func(name string) (string, bool)) (string, error) {
	if !strings.HasPrefix(vorlage, "/") || len(vorlage) > maxPfad {
		return "", errors.New("a path begins with / and has at most 500 bytes")
	}
	var b strings.Builder
	for segment := range strings.SplitSeq(vorlage[1:], "/") {
		var s strings.Builder
		for rest := segment; rest != ""; {
			vor, nach, auf := strings.Cut(rest, "{")
			s.WriteString(vor)
			if strings.ContainsAny(vor, "}?#%\\") || !druckbar(vor) || strings.Contains(vor, " ") {
				return "", errors.New("a path has no query, fragment or escapes")
			}
			if !auf {
				break
			}
			name, danach, zu := strings.Cut(nach, "}")
			v, ok := wert(name)
			if !zu || !ok {
				return "", errors.New("no such placeholder here")
			}
			s.WriteString(v)
			rest = danach
		}
		if t := s.String(); t == "." || t == ".." || t == "" {
			return "", errors.New("a segment is empty or leads upwards")
		}
		b.WriteString("/" + url.PathEscape(s.String()))
	}
	return b.String(), nil
}

func werte(s messaging.Sendung, jetzt time.Time) map[string]string {
	return map[string]string{
		"sendung.id": s.ID.String(), "mandant": string(s.Mandant), "absender": s.Absender, "vorgang.id": s.Vorgang.String(),
		"vorgang.nummer": s.Nummer, "adresse.kennung": s.Adresse.Kennung, "empfaenger.name": s.Empfaenger.Name,
		"nachricht.id": s.Nachricht.ID.String(), "nachricht.art": string(s.Nachricht.Art), "nachricht.betreff": s.Nachricht.Betreff,
		"nachricht.text": s.Nachricht.Text, "nachricht.antwort": string(s.Nachricht.Antwort), "jetzt": jetzt.UTC().Format(time.RFC3339),
	}
}

func (t Typ) value(s string) (any, error) {
	switch t {
	case Zahl:
		n, err := strconv.ParseInt(s, 10, 64)
		return n, err
	case Wahrheit:
		if s != "true" && s != "false" {
			return nil, errors.New("neither true nor false")
		}
		return s == "true", nil
	}
	return s, nil
}

// fill writes the fields into doc and gives what does not fit. No value is named.
func fill(doc map[string]any, felder []Feld, werte map[string]string) (p fehler.Probleme) {
	for _, f := range felder {
		s := werte[f.Wert]
		if t, ok := f.Tabelle[s]; ok {
			s = t
		}
		if s == "" {
			s = f.Fest
		}
		name := f.Wert
		if name == "" {
			name = f.Ziel
		}
		switch {
		case s == "" && f.Pflicht:
			p = append(p, problem("wert-fehlt", name, "is empty", "Eine Angabe fehlt, die das Postfach verlangt."))
			continue
		case s == "":
			continue
		case !utf8.ValidString(s):
			p = append(p, problem("wert", name, "no UTF-8", "Eine Angabe enthält ungültige Zeichen."))
			continue
		case f.Max > 0 && utf8.RuneCountInString(s) > f.Max:
			p = append(p, problem("wert-zu-lang", name, fmt.Sprintf("longer than %d characters", f.Max),
				fmt.Sprintf("Eine Angabe ist länger, als das Postfach erlaubt: höchstens %d Zeichen.", f.Max)))
			continue
		}
		v, err := f.Typ.value(s)
		if err != nil {
			p = append(p, problem("wert", name, "not of the type "+string(f.Typ), "Eine Angabe hat die falsche Art von Wert."))
			continue
		}
		ziel, err := parseZiel(f.Ziel)
		if err != nil { // checked by New
			continue
		}
		put(doc, ziel, v)
	}
	return p
}

// body makes the request. Errors of reading are [absage]; what can never be sent
// is fehler.Probleme.
func (k *Kanal) body(ctx context.Context, s messaging.Sendung) ([]byte, error) {
	doc := map[string]any{}
	p := fill(doc, k.k.Nachricht.Felder, werte(s, k.o.Now()))
	if len(p) > 0 {
		return nil, p
	}
	if n := len(s.Nachricht.Anhaenge); n > 0 {
		liste := make([]any, 0, n)
		for _, a := range s.Nachricht.Anhaenge {
			w := map[string]string{"id": a.ID.String(), "name": a.Name, "mime": a.MIME, "groesse": strconv.FormatInt(a.Groesse, 10), "sha512": a.SHA512}
			inhalt, err := lies(ctx, s, a)
			if err != nil {
				return nil, err
			}
			w["inhalt"] = base64.StdEncoding.EncodeToString(inhalt)
			o := map[string]any{}
			if p := fill(o, k.k.Nachricht.Anhaenge.Felder, w); len(p) > 0 {
				return nil, p
			}
			liste = append(liste, o)
		}
		ziel, err := parseZiel(k.k.Nachricht.Anhaenge.Ziel)
		if err != nil {
			return nil, err
		}
		put(doc, ziel, liste)
	}
	return json.Marshal(doc)
}

// lies reads an attachment; it must be what the Nachricht says of it.
func lies(ctx context.Context, s messaging.Sendung, a messaging.Anhang) ([]byte, error) {
	if a.Groesse < 0 || s.Open == nil {
		return nil, fehler.Probleme{problem("anhang", a.ID.String(), "the attachment cannot be opened", "Eine Anlage lässt sich nicht öffnen.")}
	}
	r, err := s.Open(ctx, a)
	if err != nil {
		if errors.Is(err, fehler.ErrNotFound) {
			return nil, fehler.Probleme{problem("anhang-fehlt", a.ID.String(), "there is no such file", "Eine Anlage fehlt in der Ablage.")}
		}
		return nil, absage{art: fehler.ErrUnavailable, wo: "an attachment cannot be opened"}
	}
	defer func() { _ = r.Close() }()
	b, err := io.ReadAll(io.LimitReader(r, a.Groesse+1))
	if err != nil {
		return nil, absage{art: fehler.ErrUnavailable, wo: "an attachment cannot be read"}
	}
	sum := sha512.Sum512(b)
	if int64(len(b)) != a.Groesse || hex.EncodeToString(sum[:]) != a.SHA512 {
		return nil, fehler.Probleme{problem("anhang-veraendert", a.ID.String(), "size or hash differ", "Eine Anlage ist nicht die, die zur Nachricht gehört.")}
	}
	return b, nil
}
