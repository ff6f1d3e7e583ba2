package pdfcheck

import (
	"encoding/binary"
	"maps"
	"slices"
)

// Keys and types that have no place in a PDF/A-2 file of this kind.
var verboteneSchluessel = []name{"JS", "JavaScript", "AA", "OpenAction", "XFA", "NeedAppearances", "OCProperties",
	"NeedsRendering", "Requirements", "AlternatePresentations", "PresSteps", "SMask", "BM", "CA", "ca", "Group", "TR", "TR2", "HTP",
	"Alternates", "OPI", "Perms"}

var verboteneAktionen = map[name]bool{"Launch": true, "Sound": true, "Movie": true, "ResetForm": true, "ImportData": true, "Hide": true,
	"SetOCGState": true, "Rendition": true, "Trans": true, "GoTo3DView": true, "JavaScript": true, "SubmitForm": true}

const (
	maxString = 32767 // ISO 19005-2, 6.1.13
	maxName   = 127
)

// objekte checks what holds for every object.
func (c *pruefer) objekte() {
	t := c.d.trailer
	id := c.d.list(t["ID"])
	if len(id) != 2 {
		c.melde(CodeKennung, "", "trailer without /ID of two strings")
	} else {
		for _, x := range id {
			if s, ok := x.(text); !ok || len(s) == 0 {
				c.melde(CodeKennung, "", "/ID is not two strings that are not empty")
			}
		}
	}
	if t["Encrypt"] != nil {
		c.melde(CodeSchutz, "", "file is encrypted")
	}
	if c.d.langText > maxString {
		c.melde(CodeGrenze, "", "string of %d bytes", c.d.langText)
	}
	if c.d.langName > maxName {
		c.melde(CodeGrenze, "", "name of %d bytes", c.d.langName)
	}
	for _, nr := range slices.Sorted(maps.Keys(c.d.obj)) {
		o := c.d.obj[nr]
		c.begehe(objPfad(nr), o.wert)
		if o.roh == nil {
			continue
		}
		sd := o.wert.(dict)
		for _, k := range []name{"F", "FFilter", "FDecodeParms"} {
			if sd[k] != nil {
				c.melde(CodeStrom, objPfad(nr), "stream with /%s", k)
			}
		}
		inhalt := o.roh
		switch f := sd["Filter"]; {
		case f == name("DCTDecode") && sd["Subtype"] == name("Image"):
		case f != nil && f != name("FlateDecode"):
			c.melde(CodeFilter, objPfad(nr), "filter %v", f)
			continue
		default:
			if inhalt = c.d.strom(ref(nr)); inhalt == nil && len(o.roh) > 0 {
				c.melde(CodeFilter, objPfad(nr), "stream cannot be decoded")
				continue
			}
		}
		if sd["Subtype"] == name("Image") {
			c.bild(objPfad(nr), sd, inhalt)
		}
	}
}

func (c *pruefer) begehe(pfad string, o any) {
	switch o := o.(type) {
	case list:
		for _, x := range o {
			c.begehe(pfad, x)
		}
	case dict:
		for _, k := range verboteneSchluessel {
			if o[k] != nil {
				c.melde(CodeVerboten, pfad, "key /%s", k)
			}
		}
		if s, ok := o["S"].(name); ok && o["Type"] != name("StructElem") && verboteneAktionen[s] {
			c.melde(CodeVerboten, pfad, "action %s", s)
		}
		if o["Subtype"] == name("Form") || o["Subtype"] == name("PS") {
			c.melde(CodeUnlesbar, pfad, "XObjects but pictures are not known to this check")
		}
		for _, x := range o {
			c.begehe(pfad, x)
		}
	case ref:
		if _, ok := c.d.obj[int(o)]; !ok {
			c.melde(CodeXref, pfad, "reference to object %d, which is not there", o)
		}
	case float64:
		if o > 1<<31-1 || o < -1<<31 {
			c.melde(CodeGrenze, pfad, "number %v out of range", o)
		}
	}
}

// katalog checks the entries of the catalog that stand for themselves.
func (c *pruefer) katalog() {
	if m := c.d.dict(c.root["MarkInfo"]); m["Marked"] != true || m["Suspects"] == true {
		c.melde(CodeMarkiert, "katalog", "/MarkInfo does not say /Marked true, or says /Suspects true")
	}
	s, ok := utf8Text(c.root["Lang"])
	if !ok || !sprachform.MatchString(s) {
		c.melde(CodeSprache, "katalog", "/Lang is not a language tag")
	}
	if c.d.dict(c.root["ViewerPreferences"])["DisplayDocTitle"] != true {
		c.melde(CodeTitel, "katalog", "/ViewerPreferences does not say /DisplayDocTitle true")
	}
}

// profil checks the OutputIntent and the head of its ICC profile.
func (c *pruefer) profil() {
	l := c.d.list(c.root["OutputIntents"])
	for _, x := range l {
		o := c.d.dict(x)
		if o["S"] != name("GTS_PDFA1") {
			continue
		}
		p := c.d.strom(o["DestOutputProfile"])
		n, _ := c.d.dict(o["DestOutputProfile"])["N"].(float64)
		be := binary.BigEndian
		const kopf = 132
		if len(p) < kopf || int(be.Uint32(p)) != len(p) || string(p[36:40]) != "acsp" {
			c.melde(CodeProfil, "katalog", "no ICC profile in the OutputIntent")
			return
		}
		if p[8] >= 5 {
			c.melde(CodeProfil, "katalog", "ICC version %d", p[8])
		}
		if k := string(p[12:16]); k != "mntr" && k != "prtr" {
			c.melde(CodeProfil, "katalog", "ICC class %q", k)
		}
		if string(p[16:20]) != "RGB " || n != 3 {
			c.melde(CodeProfil, "katalog", "ICC profile is not of RGB, or /N is not 3")
		}
		tags := make(map[string]bool)
		for i := range int(be.Uint32(p[128:])) {
			e := kopf + 12*i
			if e+12 > len(p) || int64(be.Uint32(p[e+4:]))+int64(be.Uint32(p[e+8:])) > int64(len(p)) {
				c.melde(CodeProfil, "katalog", "ICC tag table runs out of the profile")
				return
			}
			tags[string(p[e:e+4])] = true
		}
		for _, t := range []string{"desc", "cprt", "wtpt", "rXYZ", "gXYZ", "bXYZ", "rTRC", "gTRC", "bTRC"} {
			if !tags[t] {
				c.melde(CodeProfil, "katalog", "ICC profile without tag %s", t)
			}
		}
		return
	}
	c.melde(CodeProfil, "katalog", "no OutputIntent for PDF/A")
}
