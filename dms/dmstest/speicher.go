package dmstest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/dms/xdomea"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Speicher is a Ziel in memory for tests of whatever hands over. It keeps the
// contract of dms.Ziel and dms.Rueckmelder but for restarts: it forgets with
// the process. It holds whole containers in memory. The zero value is ready;
// it is safe for concurrent use.
type Speicher struct {
	// Fault, if set, is asked before each Send and Answers; what it returns is
	// the result. For tests of retries.
	Fault func(op string) error

	mu       sync.Mutex
	sent     map[string]gesendet
	got      []Lieferung
	answers  []dms.Antwort
	acked    map[string]bool
	nextID   int
	unlesbar map[string]bool
}

type gesendet struct {
	inhalt string
	schein dms.Sendeschein
}

var (
	_ dms.Ziel        = (*Speicher)(nil)
	_ dms.Rueckmelder = (*Speicher)(nil)
)

// Name implements dms.Ziel.
func (*Speicher) Name() string { return "speicher" }

// Send implements dms.Ziel.
func (s *Speicher) Send(ctx context.Context, p *dms.Paket) (dms.Sendeschein, error) {
	schein, err := s.send(ctx, p)
	if err != nil {
		return dms.Sendeschein{}, fehler.New("dmstest.Send", p.ProzessID, nil, err)
	}
	return schein, nil
}

func (s *Speicher) send(ctx context.Context, p *dms.Paket) (dms.Sendeschein, error) {
	var none dms.Sendeschein
	if err := ctx.Err(); err != nil {
		return none, err
	}
	if s.Fault != nil {
		if err := s.Fault("Send"); err != nil {
			return none, err
		}
	}
	if pr := p.Check(); pr != nil {
		return none, pr
	}
	inhalt, err := p.Fingerprint()
	if err != nil {
		return none, err
	}
	s.mu.Lock() // one at a time is enough here
	defer s.mu.Unlock()
	key := strings.ToLower(p.ProzessID)
	if g, ok := s.sent[key]; ok {
		if g.inhalt != inhalt {
			return none, fehler.ErrConflict
		}
		g.schein.Wiederholt = true
		return g.schein, nil
	}
	k := xdomea.New(xdomea.V310(), nil)
	name, err := k.ContainerName(p)
	if err != nil {
		return none, err
	}
	var buf bytes.Buffer
	if err := k.Encode(ctx, &buf, p); err != nil {
		return none, err
	}
	c, err := k.ReadContainer(ctx, bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	if err == nil {
		err = c.Hash(ctx)
	}
	if err != nil {
		return none, err
	}
	sum := sha512.Sum512(buf.Bytes())
	l := Lieferung{Name: name, ProzessID: key, SHA512: hex.EncodeToString(sum[:]), Paket: &c.Paket, Verhalten: Stumm}
	s.got = append(s.got, l)
	schein := dms.Sendeschein{ProzessID: p.ProzessID, Ziel: s.Name(), Zeit: time.Now().UTC(), Name: name, Groesse: int64(buf.Len()), SHA512: l.SHA512}
	if s.sent == nil {
		s.sent = map[string]gesendet{}
	}
	s.sent[key] = gesendet{inhalt, schein}
	return schein, nil
}

// Lieferungen gives what was sent, in order. Files can be opened.
func (s *Speicher) Lieferungen() []Lieferung {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

// Answer lets the receiver answer. Kennung is given by the Speicher.
func (s *Speicher) Answer(a dms.Antwort) error { return s.put(a, false) }

func (s *Speicher) put(a dms.Antwort, unlesbar bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nextID++
	a.Kennung = fmt.Sprintf("antwort-%06d", s.nextID)
	s.answers = append(s.answers, a)
	if unlesbar {
		if s.unlesbar == nil {
			s.unlesbar = map[string]bool{}
		}
		s.unlesbar[a.Kennung] = true
	}
	return nil
}

// Garbage lets the receiver send something unreadable.
func (s *Speicher) Garbage() error { return s.put(dms.Antwort{}, true) }

// Answers implements dms.Rueckmelder.
func (s *Speicher) Answers(ctx context.Context) iter.Seq2[dms.Antwort, error] {
	return func(yield func(dms.Antwort, error) bool) {
		if s.Fault != nil {
			if err := s.Fault("Answers"); err != nil {
				yield(dms.Antwort{}, err)
				return
			}
		}
		s.mu.Lock()
		list := slices.Clone(s.answers)
		s.mu.Unlock()
		for _, a := range list {
			if err := ctx.Err(); err != nil {
				yield(dms.Antwort{}, err)
				return
			}
			var err error
			s.mu.Lock()
			done, bad := s.acked[a.Kennung], s.unlesbar[a.Kennung]
			s.mu.Unlock()
			if done {
				continue
			}
			if bad {
				err = fehler.New("dmstest.Answers", a.Kennung, fehler.ErrInvalid, errors.New("garbage"))
			}
			if !yield(a, err) {
				return
			}
		}
	}
}

// Ack implements dms.Rueckmelder.
func (s *Speicher) Ack(ctx context.Context, kennung string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, known := slices.BinarySearchFunc(s.answers, kennung, func(a dms.Antwort, k string) int { return cmp.Compare(a.Kennung, k) })
	if !known {
		return fehler.New("dmstest.Ack", "", fehler.ErrNotFound, nil)
	}
	if s.acked == nil {
		s.acked = map[string]bool{}
	}
	s.acked[kennung] = true
	return nil
}
