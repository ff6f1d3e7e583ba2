// Package feed tells other systems what happens to the Vorgaenge of a Mandant: each
// entry of the journals as a CloudEvent, in the order it was committed, resumable by a
// cursor, as an iterator and over HTTP.
//
// By default no personal data leave: an event says which Vorgang, which kind of entry,
// when, and by what kind of Akteur; of the entry's own data only members that cannot hold
// free text: ids, times, days, numbers, truth values and the closed lists of codes
// ([Felder]). Who may see more reads the Vorgang, or is given Options.Voll. That an event
// exists, and when, still says something about a case: give the feed to systems that may
// know of the case.
package feed

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Praefix begins the type of each event; the code of the entry and ".v1" follow.
const Praefix = "io.github.ozg-fachwerk.vorgang."

// Typ is the type of the event for a code.
func Typ(c vorgang.Code) string { return Praefix + string(c) + ".v1" }

// Daten are the data of an event.
type Daten struct {
	Mandant tenant.ID    `json:"mandant"`
	Vorgang uuid.UUID    `json:"vorgang"`
	Seq     int64        `json:"seq"` // of the entry, from 1
	Code    vorgang.Code `json:"code"`
	Zeit    time.Time    `json:"zeit"`
	// Akteur is the kind of who did it: "person", "buerger", "maschine"; empty if that
	// was erased.
	Akteur tenant.Art `json:"akteur,omitempty"`
	// Felder are the members of the entry's data that may leave.
	Felder map[string]json.RawMessage `json:"felder"`
	// Inhalt are all its data, where Options.Voll allows it.
	Inhalt json.RawMessage `json:"inhalt,omitempty"`
}

// Ereignis is one event with the cursor behind it.
type Ereignis struct {
	Daten  Daten
	Cursor string
	quelle string
}

// MarshalJSON gives the CloudEvent in its JSON form. Its id is Vorgang and Seq, so a
// consumer knows an entry it had before.
func (e Ereignis) MarshalJSON() ([]byte, error) {
	x := event.New()
	x.SetID(e.Daten.Vorgang.String() + "#" + strconv.FormatInt(e.Daten.Seq, 10))
	x.SetSource(e.quelle)
	x.SetType(Typ(e.Daten.Code))
	x.SetTime(e.Daten.Zeit)
	x.SetSubject(e.Daten.Vorgang.String())
	x.SetDataSchema(schemaURI(e.Daten.Code))
	x.SetExtension("mandant", string(e.Daten.Mandant))
	if err := x.SetData(event.ApplicationJSON, e.Daten); err != nil {
		return nil, err
	}
	return json.Marshal(x)
}

// Options of a Feed; nil means defaults.
type Options struct {
	// Voll tells for which codes all data go out, with names, texts and whatever the
	// applicant wrote. Default: for none.
	Voll func(vorgang.Code) bool
	// Codes that go out; empty: all.
	Codes []vorgang.Code
}

// Feed reads. Safe for concurrent use.
type Feed struct {
	store  *storage.Store
	quelle string
	o      Options
}

// New makes a Feed. quelle is the URI that names this installation.
func New(s *storage.Store, quelle string, o *Options) (*Feed, error) {
	if s == nil || quelle == "" {
		return nil, fehler.New("feed.New", "", fehler.ErrInvalid, errors.New("store and quelle are mandatory"))
	}
	f := &Feed{store: s, quelle: quelle}
	if o != nil {
		f.o = *o
	}
	return f, nil
}

// Ereignisse gives the events of the Mandant behind the cursor, and then each further
// one, until ctx ends: its error is the last pair. An empty cursor begins with the
// oldest change that is kept; a cursor of another Mandant or of no feed is
// fehler.ErrInvalid, one older than what is kept fehler.ErrNotFound. Only Vorgaenge the
// Mandant leads are told of, not those shared with it. Entries of one Vorgang come in
// their order; after a move to another store some may come again, by the same id.
func (f *Feed) Ereignisse(ctx context.Context, m tenant.ID, cursor string) iter.Seq2[Ereignis, error] {
	return func(yield func(Ereignis, error) bool) {
		stelle, skip, err := parse(cursor)
		if err != nil {
			yield(Ereignis{}, err)
			return
		}
		for a, err := range f.store.Watch(ctx, m, stelle) {
			if err != nil {
				yield(Ereignis{}, err)
				return
			}
			list, err := f.entries(ctx, m, a)
			if err != nil {
				yield(Ereignis{}, err)
				return
			}
			for i, e := range list {
				if i < skip {
					continue
				}
				// Within a change the place is the one before it and how many were seen.
				e.Cursor = format(stelle, i+1)
				if i == len(list)-1 {
					e.Cursor = format(a.Cursor, 0)
				}
				if !yield(e, nil) {
					return
				}
			}
			stelle, skip = a.Cursor, 0
		}
	}
}

// Seite gives at most limit events that are there already, without waiting, and the
// cursor behind them.
func (f *Feed) Seite(ctx context.Context, m tenant.ID, cursor string, limit int) ([]Ereignis, string, error) {
	if limit < 1 || limit > storage.MaxLimit {
		return nil, "", fehler.New("feed.Seite", string(m), fehler.ErrInvalid, errors.New("limit must be 1 to 1000"))
	}
	stelle, skip, err := parse(cursor)
	if err != nil {
		return nil, "", err
	}
	var out []Ereignis
	for {
		page, err := f.store.Aenderungen(ctx, m, stelle, min(limit, 100))
		if err != nil {
			return nil, "", err
		}
		for _, a := range page {
			list, err := f.entries(ctx, m, a)
			if err != nil {
				return nil, "", err
			}
			for i := skip; i < len(list); i++ {
				e := list[i]
				e.Cursor = format(stelle, i+1)
				if i == len(list)-1 {
					e.Cursor = format(a.Cursor, 0)
				}
				if out = append(out, e); len(out) == limit {
					return out, e.Cursor, nil
				}
			}
			stelle, skip = a.Cursor, 0
		}
		if len(page) == 0 {
			return out, format(stelle, skip), nil
		}
	}
}

// Ende is the cursor behind what is committed so far.
func (f *Feed) Ende(ctx context.Context, m tenant.ID) (string, error) {
	c, err := f.store.WatchEnde(ctx, m)
	if err != nil {
		return "", err
	}
	return format(c, 0), nil
}

// entries are the events of one change.
func (f *Feed) entries(ctx context.Context, m tenant.ID, a storage.Aenderung) ([]Ereignis, error) {
	if a.Mandant != m || a.JournalVon == 0 {
		return nil, nil
	}
	var out []Ereignis
	for e, err := range f.store.Journal(ctx, m, a.Vorgang) {
		if err != nil {
			return nil, err
		}
		if e.Seq > a.JournalBis {
			break
		}
		if e.Seq < a.JournalVon || len(f.o.Codes) > 0 && !slices.Contains(f.o.Codes, e.Code) {
			continue
		}
		out = append(out, Ereignis{Daten: f.daten(e), quelle: f.quelle})
	}
	return out, nil
}

// daten gives what may leave of an entry.
func (f *Feed) daten(e vorgang.Ereignis) Daten {
	d := Daten{Mandant: e.Mandant, Vorgang: e.Vorgang, Seq: e.Seq, Code: e.Code, Zeit: e.Zeit.UTC(), Felder: map[string]json.RawMessage{}}
	if a, ok := e.Who(); ok {
		switch a.Art {
		case tenant.Person, tenant.Buerger, tenant.Maschine:
			d.Akteur = a.Art
		}
	}
	x, err := e.Data()
	if err != nil {
		return d // erased, or of a newer version: that it happened is all there is to say
	}
	d.Felder = auswahl(e.Code, x)
	if f.o.Voll != nil && f.o.Voll(e.Code) {
		d.Inhalt = json.RawMessage(e.Daten)
	}
	return d
}

// maxCursor bounds a cursor, which travels in a header.
const maxCursor = 4000

func format(stelle string, n int) string { return stelle + "~" + strconv.Itoa(n) }

func parse(cursor string) (stelle string, n int, err error) {
	if cursor == "" {
		return "", 0, nil
	}
	i := strings.LastIndexByte(cursor, '~')
	if i < 0 || len(cursor) > maxCursor {
		return "", 0, fehler.New("feed.Cursor", "", fehler.ErrInvalid, errors.New("no cursor of a feed"))
	}
	n, err = strconv.Atoi(cursor[i+1:])
	if err != nil || n < 0 {
		return "", 0, fehler.New("feed.Cursor", "", fehler.ErrInvalid, errors.New("no cursor of a feed"))
	}
	return cursor[:i], n, nil
}
