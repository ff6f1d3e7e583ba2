package vorgang

import "github.com/google/uuid"

// Wechsel is what an entry changed of one thing in the Stand: the thing before and
// after. Nach is nil if it was taken away, Von if there was none. The inverse of an
// entry is the same entry with both swapped, so taking back restores every byte.
type Wechsel[T any] struct {
	Befehl Befehl `json:"befehl"`
	Nach   *T     `json:"nach,omitempty"`
	Von    *T     `json:"von,omitempty"`
}

func wechsel[T any](b Befehl, von, nach *T) Wechsel[T] {
	return Wechsel[T]{Befehl: b, Nach: nach, Von: kopie(von)}
}

func (w Wechsel[T]) zurueck() Wechsel[T] {
	return Wechsel[T]{Befehl: BefehlZuruecknehmen, Nach: w.Von, Von: w.Nach}
}

// wer is the thing in one of its states.
func (w Wechsel[T]) wer() *T {
	if w.Nach != nil {
		return w.Nach
	}
	return w.Von
}

// mitKennung is a thing with an id of its own.
type mitKennung[T any] interface {
	*T
	kennung() uuid.UUID
}

// finde gives the thing with the id, nil if there is none.
func finde[T any, P mitKennung[T]](list []T, id uuid.UUID) *T {
	for i := range list {
		if P(&list[i]).kennung() == id {
			return &list[i]
		}
	}
	return nil
}

// wechsle puts what the entry says into the list: in the place of the thing with the
// same id, or at the end.
func wechsle[T any, P mitKennung[T]](list []T, w Wechsel[T]) []T {
	if w.Nach == nil && w.Von == nil {
		return list
	}
	id := P(w.wer()).kennung()
	for i := range list {
		if P(&list[i]).kennung() != id {
			continue
		}
		if w.Nach == nil {
			list = append(list[:i], list[i+1:]...)
			if len(list) == 0 {
				return nil // as before the first
			}
			return list
		}
		list[i] = *w.Nach
		return list
	}
	if w.Nach != nil {
		list = append(list, *w.Nach)
	}
	return list
}

// kehrbar is an entry that knows what it came from, its inverse (nil if there is
// none) and the thing it changes: two entries about different things commute.
type kehrbar interface {
	umkehren() (Befehl, daten)
	gegenstand() string
}
