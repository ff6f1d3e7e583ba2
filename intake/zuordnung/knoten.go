package zuordnung

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// art is what a knoten is.
type art int

const (
	artDokument art = iota // above the root element of XML
	artObjekt
	artListe
	artText
	artZahl
	artWahr
	artNull
	artElement
	artAttribut
)

func (a art) skalar() bool { return a >= artText && a <= artNull || a == artAttribut }

// knoten is a value of JSON, or an element or attribute of XML.
type knoten struct {
	art       art
	name, ns  string
	text      string // of scalars, attributes, and directly in an element
	attribute []*knoten
	kinder    []*knoten
	eltern    *knoten
	nr        int // order in the document
	pos       int // index in a list; among elements of the same name, from 1
}

// wert is the text of a scalar or of an element without elements.
func (k *knoten) wert() (string, bool) {
	if k.art == artElement {
		return k.text, len(k.kinder) == 0
	}
	return k.text, k.art.skalar() && k.art != artNull
}

// mitglied finds a member, or an attribute by "@name"; nil if it is not there.
func (k *knoten) mitglied(name string) *knoten {
	list := k.kinder
	if a, ok := strings.CutPrefix(name, "@"); ok && k.art == artElement {
		name, list = a, k.attribute
	} else if k.art != artObjekt && k.art != artElement {
		return nil
	}
	for _, c := range list {
		if c.name == name {
			return c
		}
	}
	return nil
}

const maxOrt = 1000

// ort is the place for messages: a JSON pointer, or a path of elements.
func (k *knoten) ort() string {
	var teile []string
	for ; k.eltern != nil; k = k.eltern {
		switch {
		case k.art == artAttribut:
			teile = append(teile, "/@"+short(k.name))
		case k.art == artElement:
			teile = append(teile, fmt.Sprintf("/%s[%d]", short(k.name), k.pos))
		case k.eltern.art == artListe:
			teile = append(teile, "/"+strconv.Itoa(k.pos))
		default:
			teile = append(teile, "/"+escape(short(k.name)))
		}
	}
	var b strings.Builder
	for i := len(teile) - 1; i >= 0; i-- {
		b.WriteString(teile[i])
	}
	if b.Len() > maxOrt {
		return strings.ToValidUTF8(b.String()[:maxOrt], "") + "…"
	}
	if b.Len() == 0 {
		return "data"
	}
	return b.String()
}

// escape is that of RFC 6901.
func escape(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "~", "~0"), "/", "~1")
}

// short bounds a name that the sender may choose.
func short(s string) string {
	if len(s) > 100 {
		return strings.ToValidUTF8(s[:100], "") + "…"
	}
	return s
}

// problem is a fault of the document as a whole.
func problem(code, meldung, hinweis string) fehler.Probleme {
	return fehler.Probleme{{Code: "zuordnung." + code, Pfad: "data", Meldung: meldung, Hinweis: hinweis}}
}

func zuTief(g Grenzen) fehler.Probleme {
	return problem("zu-tief", fmt.Sprintf("nested deeper than %d", g.Tiefe), "Die Formulardaten sind zu tief verschachtelt.")
}

func zuViele(g Grenzen) fehler.Probleme {
	return problem("zu-viele-werte", fmt.Sprintf("more than %d values", g.Knoten), "Die Formulardaten enthalten zu viele Angaben.")
}
