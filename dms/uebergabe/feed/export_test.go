package feed

import "github.com/ozg-fachwerk/fachwerk/vorgang"

// EventOf gives the event of an entry that no store holds.
func EventOf(o *Options, e vorgang.Ereignis) Ereignis {
	f := &Feed{quelle: "urn:test"}
	if o != nil {
		f.o = *o
	}
	return Ereignis{Daten: f.daten(e), quelle: f.quelle}
}
