package camt

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ozg-fachwerk/fachwerk/bescheid/geld"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/ueberweisung"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// stand is a statement while it is read.
type stand struct {
	Auszug
	summe        zahlung.Betrag
	anfang, ende bool
	gleich       map[string]int // entries without reference, by content
	kopf         bool           // the account is known
}

func (s *leser) auszug(seite string) error {
	a := &stand{Auszug: Auszug{Seite: seite}, gleich: map[string]int{}}
	s.a = a
	for {
		e, err := s.kind()
		if err != nil {
			return err
		}
		if e == nil {
			break
		}
		rest := maxEintrag
		k, err := s.baum(*e, &rest)
		if err != nil {
			return err
		}
		if e.Name.Space != s.ns {
			continue
		}
		switch k.name {
		case "Id":
			if a.ID != "" {
				return aufbau("Id twice")
			}
			a.ID = k.text
		case "ElctrncSeqNb", "LglSeqNb":
			if a.Nummer == "" {
				a.Nummer = k.text
			}
		case "StmtPgntn":
			a.Seite = k.s("PgNb")
		case "CreDtTm":
			for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05"} { // time.Parse takes fractions too
				if t, err := time.ParseInLocation(form, k.text, datum.Berlin()); err == nil && a.Erstellt.IsZero() {
					a.Erstellt = t.UTC().Truncate(time.Microsecond)
				}
			}
		case "CpyDplctInd":
			a.Duplikat = k.text == "DUPL" || k.text == "CODU"
		case "Acct":
			if err := s.konto(k); err != nil {
				return err
			}
		case "Bal":
			if err := s.saldo(k); err != nil {
				return err
			}
		case "Ntry":
			if !a.kopf || a.ID == "" {
				return aufbau("Ntry before Id and Acct")
			}
			if err := s.eintrag(k); err != nil {
				return err
			}
		}
	}
	if !a.kopf || a.ID == "" {
		return aufbau("a statement without Id or Acct")
	}
	if a.anfang && a.ende {
		if soll, err := a.Anfang.Plus(a.summe); err != nil || soll != a.Ende {
			return kaputt{CodeKontrolle, "", "opening balance and entries do not make the closing balance", "Anfangssaldo und Umsätze ergeben nicht den Endsaldo; der Kontoauszug ist unvollständig oder verändert."}
		}
		a.Saldiert = true
	}
	s.auszuege = append(s.auszuege, a.Auszug)
	return nil
}

func (s *leser) konto(k *knoten) error {
	a := s.a
	if a.kopf {
		return aufbau("Acct twice")
	}
	i, err := ueberweisung.ParseIBAN(k.s("Id/IBAN"))
	if err != nil {
		return kaputt{CodeKonto, "", "the account is not a valid IBAN", "Das Konto des Auszugs hat keine gültige IBAN."}
	}
	if len(s.o.Konten) > 0 && !slices.Contains(s.o.Konten, i) {
		return kaputt{CodeAnderes, "", "an account that is not expected", "Der Auszug gehört zu einem Konto, das hier nicht geführt wird."}
	}
	a.Konto, a.Waehrung, a.kopf = i, k.s("Ccy"), true
	return nil
}

// saldo keeps the booked balances. Of several pages only those with the true opening
// and closing balance can be checked; interim ones (ITBD) open and close a page.
func (s *leser) saldo(k *knoten) error {
	b, _, err := betrag(k.eins("Amt"))
	if err != nil {
		return err
	}
	haben, err := richtung(k)
	if err != nil {
		return err
	}
	if !haben {
		b = -b
	}
	switch k.s("Tp/CdOrPrtry/Cd") {
	case "OPBD", "PRCD":
		if !s.a.anfang {
			s.a.Anfang, s.a.anfang = b, true
		}
	case "CLBD":
		s.a.Ende, s.a.ende = b, true
	}
	return nil
}

func betrag(k *knoten) (zahlung.Betrag, string, error) {
	t := k.text
	if strings.HasPrefix(t, ".") {
		t = "0" + t // xs:decimal allows it
	}
	b, err := geld.ParseBetrag(strings.TrimSuffix(t, "."))
	if err != nil || b < 0 || len(k.ccy) != 3 {
		return 0, "", kaputt{CodeBetrag, "", "not an amount with a currency", "Ein Betrag des Kontoauszugs ist kein Betrag mit höchstens zwei Nachkommastellen und Währung."}
	}
	return b, k.ccy, nil
}

func richtung(k *knoten) (haben bool, err error) {
	switch k.s("CdtDbtInd") {
	case "CRDT":
		return true, nil
	case "DBIT":
		return false, nil
	}
	return false, kaputt{CodeRichtung, "", "CdtDbtInd is neither CRDT nor DBIT", "Ein Umsatz sagt nicht, ob er Eingang oder Ausgang ist."}
}

func tag(k *knoten) (datum.Datum, error) {
	t := k.s("Dt")
	if t == "" {
		if t = k.s("DtTm"); t == "" {
			return datum.Datum{}, nil
		}
		t = t[:min(len(t), 10)] // the bank's own day, whatever its offset
	}
	t = strings.TrimSuffix(t[:min(len(t), 10)], "Z")
	d, err := datum.Parse(t)
	if err != nil {
		return d, kaputt{CodeDatum, "", "not a date", "Ein Umsatz trägt ein Datum, das es nicht gibt."}
	}
	return d, nil
}

// leer takes what banks write for a missing reference as missing.
func leer(s string) string {
	switch strings.ToUpper(s) {
	case "NOTPROVIDED", "NONREF", "NOTAVAILABLE":
		return ""
	}
	return s
}

func (s *leser) eintrag(k *knoten) error {
	a := s.a
	b, ccy, err := betrag(k.eins("Amt"))
	if err != nil {
		return err
	}
	u := ueberweisung.Umsatz{Konto: a.Konto, Auszug: a.ID, Betrag: b, Waehrung: ccy, Storno: k.s("RvslInd") == "true" || k.s("RvslInd") == "1"}
	if u.Haben, err = richtung(k); err != nil {
		return err
	}
	if u.Buchungstag, err = tag(k.eins("BookgDt")); err != nil {
		return err
	}
	if u.Wertstellung, err = tag(k.eins("ValDt")); err != nil {
		return err
	}
	// 02 writes the status itself, 08 as a code below it.
	u.Gebucht = k.s("Sts/Cd", "Sts") == "BOOK"
	u.Code = code(k)
	u.Entgelt = s.entgelt(k)
	if u.Gebucht {
		wert := b
		if !u.Haben {
			wert = -b
		}
		if a.summe, err = a.summe.Plus(wert); err != nil {
			return kaputt{CodeBetrag, "", "the entries add up to too much", "Die Umsätze des Kontoauszugs ergeben eine unmögliche Summe."}
		}
	}
	u.Eintrag = leer(k.s("AcctSvcrRef"))
	if u.Eintrag == "" {
		u.Eintrag = leer(k.s("NtryRef"))
	}
	var teile []*knoten
	anzahl := ""
	for _, d := range k.alle("NtryDtls") {
		teile = append(teile, d.alle("TxDtls")...)
		if n := d.s("Btch/NbOfTxs"); n != "" {
			anzahl = n
		}
	}
	if u.Eintrag == "" {
		if u.Eintrag = leer(k.s("NtryDtls/TxDtls/Refs/AcctSvcrRef")); len(teile) > 1 {
			u.Eintrag = ""
		}
	}
	if len(teile) == 0 {
		u.Verwendungszweck = k.s("AddtlNtryInf")
		u.Sammler = anzahl != "" && anzahl != "1"
		return s.gib(u)
	}
	us := make([]ueberweisung.Umsatz, 0, len(teile))
	var summe zahlung.Betrag
	for i, t := range teile {
		v, err := s.teil(u, t, len(teile) == 1)
		if err != nil {
			return err
		}
		if len(teile) > 1 {
			v.Position = i + 1
		}
		wert := v.Betrag
		if v.Haben != u.Haben {
			wert = -wert
		}
		if summe, err = summe.Plus(wert); err != nil {
			return kaputt{CodeBetrag, "", "a batch adds up to too much", "Die Posten eines Sammlers ergeben eine unmögliche Summe."}
		}
		us = append(us, v)
	}
	unstimmig := ""
	if summe != b {
		unstimmig = "Die einzelnen Posten ergeben nicht den Betrag des Umsatzes."
	} else if anzahl != "" && len(teile) > 1 && anzahl != fmt.Sprint(len(teile)) {
		unstimmig = "Der Sammler enthält nicht so viele Posten, wie er sagt."
	}
	for _, v := range us {
		v.Unstimmig = unstimmig
		if err := s.gib(v); err != nil {
			return err
		}
	}
	return nil
}

// gib makes up the reference if the bank gave none: the content and how many of the
// same content came before, so that the same statement gives the same again.
func (s *leser) gib(u ueberweisung.Umsatz) error {
	if s.n++; s.n > s.o.Umsaetze {
		return kaputt{CodeZuGross, "", "too many movements", "Der Kontoauszug enthält mehr Umsätze als zugelassen."}
	}
	if u.Eintrag == "" {
		u.Position = 0
		k := u.Inhalt()
		s.a.gleich[k]++
		u.Eintrag = fmt.Sprintf("ohne:%s:%s:%d", s.a.Seite, k, s.a.gleich[k])
	}
	s.a.Umsaetze++
	if err := s.f(u); err != nil {
		return ausF{err}
	}
	return nil
}

func code(k *knoten) string {
	if d := k.s("BkTxCd/Domn/Cd"); d != "" {
		return strings.Join([]string{d, k.s("BkTxCd/Domn/Fmly/Cd"), k.s("BkTxCd/Domn/Fmly/SubFmlyCd")}, "/")
	}
	return k.s("BkTxCd/Prtry/Cd")
}

// entgelt gives the charges that were taken within the amount. A sum that cannot be
// read counts as none: it only explains.
func (s *leser) entgelt(k *knoten) zahlung.Betrag {
	var summe zahlung.Betrag
	for _, c := range k.alle("Chrgs") {
		if b, _, err := betrag(c.eins("TtlChrgsAndTaxAmt")); err == nil {
			return b
		}
		for _, r := range append(c.alle("Rcrd"), c) { // 08: records; 02: the element itself
			if b, _, err := betrag(r.eins("Amt")); err == nil && r.s("CdtDbtInd") != "CRDT" {
				summe += min(b, zahlung.MaxBetrag-summe)
			}
		}
	}
	return summe
}

// teil reads one payment of an entry; what it does not say it has from the entry.
func (s *leser) teil(u ueberweisung.Umsatz, t *knoten, einzig bool) (ueberweisung.Umsatz, error) {
	gesamt := u.Betrag
	u.Betrag = -1
	for _, pfad := range [][]string{{"Amt"}, {"AmtDtls", "TxAmt", "Amt"}} {
		if k := t.eins(pfad...); k.name != "" && u.Betrag < 0 {
			b, ccy, err := betrag(k)
			if err != nil {
				return u, err
			}
			if ccy == u.Waehrung {
				u.Betrag = b
			}
		}
	}
	if einzig || u.Betrag < 0 {
		// One payment is the entry, whatever was instructed abroad; of several without
		// an amount the sum will not fit, and a person looks.
		if u.Betrag = 0; einzig {
			u.Betrag = gesamt
		}
	}
	if t.s("CdtDbtInd") != "" {
		var err error
		if u.Haben, err = richtung(t); err != nil {
			return u, err
		}
	}
	if k := t.eins("AmtDtls", "InstdAmt", "Amt"); k.name != "" {
		if b, ccy, err := betrag(k); err == nil && ccy == u.Waehrung {
			u.Ursprung = b
		}
	}
	if e := s.entgelt(t); e > 0 {
		u.Entgelt = e
	}
	if c := code(t); c != "" {
		u.Code = c
	}
	if u.Rueckgabe = t.s("RtrInf/Rsn/Cd", "RtrInf/Rsn/Prtry"); u.Rueckgabe == "" && t.eins("RtrInf").name != "" {
		u.Rueckgabe = "NARR"
	}
	u.EndToEnd = leer(t.s("Refs/EndToEndId"))
	seite := "Cdtr"
	// The other side; of a return the payer is still the Dbtr.
	if u.Haben || u.Storno || u.Rueckgabe != "" {
		seite = "Dbtr"
	}
	u.Name = t.s("RltdPties/Ultmt"+seite+"/Pty/Nm", "RltdPties/Ultmt"+seite+"/Nm", "RltdPties/"+seite+"/Pty/Nm", "RltdPties/"+seite+"/Nm")
	u.Gegenkonto = t.s("RltdPties/"+seite+"Acct/Id/IBAN", "RltdPties/"+seite+"Acct/Id/Othr/Id")
	var zeilen, refs []string
	for _, r := range t.alle("RmtInf") {
		for _, z := range r.alle("Ustrd") {
			if z.text != "" {
				zeilen = append(zeilen, z.text)
			}
		}
		for _, z := range r.alle("Strd") {
			if ref := z.s("CdtrRefInf/Ref"); ref != "" {
				refs = append(refs, ref)
			}
			for _, n := range z.alle("AddtlRmtInf") {
				zeilen = append(zeilen, n.text)
			}
		}
	}
	u.Verwendungszweck = strings.Join(zeilen, "\n")
	if len(zeilen)+len(refs) == 0 {
		u.Verwendungszweck = t.s("AddtlTxInf")
	}
	if len(refs) > 0 {
		u.Referenz = refs[0]
		if len(refs) > 1 { // several references are for the text, where all are found
			u.Verwendungszweck = strings.Join(append(zeilen, refs[1:]...), "\n")
		}
	}
	return u, nil
}
