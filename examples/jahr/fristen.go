package main

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// fristen works out, day by day and apart from the library, what had to happen when.
type fristen struct {
	letzter, ende datum.Datum // of the year; of the work, zero while it is not done
	versandt      []*vorgang.BescheidVersandt
	fassungen     []fassung
	ruhen         []ruhe
	fragen        []frage
	verlaengert   int
}

// frage is a question with the last day to answer, and the day it was settled.
type frage struct {
	id            uuid.UUID
	bis, erledigt datum.Datum
}

// fassung is a Bearbeitungsfrist from the day it was set.
type fassung struct {
	frist vorgang.Bearbeitungsfrist
	von   datum.Datum
}

type ruhe struct{ von, bis datum.Datum }

func newFristen(d vorgang.Durchlaufzeit, letzter datum.Datum) *fristen {
	f := &fristen{letzter: letzter}
	if e := d.Ende(); !e.IsZero() {
		f.ende = datum.Von(e)
	}
	return f
}

func (f *fristen) nimm(d any, tag datum.Datum) {
	switch d := d.(type) {
	case *vorgang.BescheidVersandt:
		f.versandt = append(f.versandt, d)
	case *vorgang.FristGesetzt:
		f.fassungen = append(f.fassungen, fassung{*d.Nach, tag})
	case *vorgang.FristVerlaengert:
		f.fassungen = append(f.fassungen, fassung{*d.Nach, tag})
		f.verlaengert++
	case *vorgang.Gefragt:
		f.fragen = append(f.fragen, frage{id: d.ID, bis: d.Bis})
	case *vorgang.Geantwortet:
		f.erledige(d.Rueckfrage, tag)
	case *vorgang.FrageErledigt:
		f.erledige(d.Rueckfrage, tag)
	case *vorgang.AussetzungBegonnen:
		f.ruhen = append(f.ruhen, ruhe{von: tag})
	case *vorgang.AussetzungBeendet:
		f.ruhen[len(f.ruhen)-1].bis = tag
	}
}

func (f *fristen) erledige(id uuid.UUID, tag datum.Datum) {
	for i := range f.fragen {
		if f.fragen[i].id == id {
			f.fragen[i].erledigt = tag
		}
	}
}

// ruht tells whether the day does not count.
func (f *fristen) ruht(tag datum.Datum) bool {
	for _, r := range f.ruhen {
		if !tag.Vor(r.von) && (r.bis.IsZero() || tag.Vor(r.bis)) {
			return true
		}
	}
	return false
}

// offen tells whether the work was still to be done in the night of the day.
func (f *fristen) offen(nacht datum.Datum) bool { return f.ende.IsZero() || !f.ende.Vor(nacht) }

// erwartet are the deadlines until the end of the year, with their day.
func (f *fristen) erwartet() map[string]datum.Datum {
	out := map[string]datum.Datum{}
	for _, v := range f.versandt {
		if !v.Bekanntgabe.Tag.Nach(f.letzter) {
			out["bekanntgabe"] = v.Bekanntgabe.Tag
		}
		if !v.Bekanntgabe.BestandskraftAb.Nach(f.letzter) {
			out["bestandskraft"] = v.Bekanntgabe.BestandskraftAb
		}
	}
	for _, q := range f.fragen { // the day after the last one, unless it was settled before
		t := q.bis.AddTage(1)
		if !q.bis.IsZero() && !t.Nach(f.letzter) && f.offen(t) && (q.erledigt.IsZero() || !q.erledigt.Vor(t)) {
			out[fmt.Sprintf("warnung/%s/%s", q.id, t)] = t
		}
	}
	for i, x := range f.fassungen {
		bis := f.letzter // of this version
		if i+1 < len(f.fassungen) && f.fassungen[i+1].von.Vor(bis) {
			bis = f.fassungen[i+1].von
		}
		for _, w := range x.frist.Warnungen {
			// Each day on which the Vorgang rested before the warning moves it by one.
			noch := 0
			for t := x.frist.Beginn; !t.Nach(bis); t = t.AddTage(1) {
				if t == w.AddTage(noch) && !f.ruht(t) {
					if f.offen(t) && !t.Vor(x.von) {
						out[fmt.Sprintf("warnung/%s/%s", x.frist.ID, w)] = t
					}
					break
				}
				if f.ruht(t) {
					noch++
				}
			}
		}
	}
	return out
}

// ueberschritten is 1 if the work was done after the last day of the period, or that day
// has passed.
func (f *fristen) ueberschritten() int {
	if len(f.fassungen) == 0 {
		return 0
	}
	x := f.fassungen[len(f.fassungen)-1].frist
	fertig := f.ende
	if fertig.IsZero() {
		fertig = f.letzter
	}
	ende := x.Ende
	for t := x.Beginn; !t.Nach(ende) && !t.Nach(fertig); t = t.AddTage(1) {
		if f.ruht(t) {
			ende = ende.AddTage(1)
		}
	}
	if fertig.Nach(ende) {
		return 1
	}
	return 0
}
