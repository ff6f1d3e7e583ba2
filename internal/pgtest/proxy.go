package pgtest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Proxy stands between a client and the server and can cut a connection at a
// certain message. It knows the frames of the protocol and the texts of statements,
// no more.
type Proxy struct {
	dir    string
	server string // socket of the server
	l      net.Listener
	wg     sync.WaitGroup

	mu    sync.Mutex
	rule  func(Gruppe) Tat     // GUARDED_BY(mu)
	shut  bool                 // GUARDED_BY(mu)
	links map[*verbindung]bool // GUARDED_BY(mu)
	conns int                  // GUARDED_BY(mu)
}

// Gruppe is what a client sends before it waits for an answer.
type Gruppe struct {
	// Verbindung counts the connections of the proxy, from 1, and Nr the groups of
	// the connection.
	Verbindung, Nr int
	// SQL are the statements that are executed with it, Parsed those that are
	// prepared, in lower case.
	SQL, Parsed []string
}

// Commits tells whether the group holds a COMMIT.
func (g Gruppe) Commits() bool { return slices.Contains(g.SQL, "commit") }

// Has tells whether a statement that the group executes or prepares begins with
// the words.
func (g Gruppe) Has(words string) bool {
	for _, s := range slices.Concat(g.SQL, g.Parsed) {
		if strings.HasPrefix(strings.TrimSpace(s), words) {
			return true
		}
	}
	return false
}

// Tat is what the proxy does with a group.
type Tat int

const (
	// Pass hands it on.
	Pass Tat = iota
	// CutBefore cuts the connection; the server never sees the group.
	CutBefore
	// CutAfter hands it on, waits until the server is done, and cuts without
	// handing on the answer.
	CutAfter
	// CutDuring hands it on and cuts at once: what the server makes of it is open.
	CutDuring
	// Swallow keeps the group and the connection: no answer ever comes.
	Swallow
)

func (t Tat) String() string {
	return [...]string{"pass", "cut before", "cut after", "cut during", "swallow"}[t]
}

// NewProxy starts one before the server of the connection string. It ends with the
// test.
func NewProxy(t testing.TB, dsn string) *Proxy {
	t.Helper()
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatalf("pgtest: proxy: %v", err)
	}
	// Not t.TempDir: the path of a socket must be short.
	dir, err := os.MkdirTemp("", "pgproxy")
	if err != nil {
		t.Fatalf("pgtest: proxy: %v", err)
	}
	name := fmt.Sprintf(".s.PGSQL.%d", cfg.Port)
	l, err := net.Listen("unix", filepath.Join(dir, name))
	if err != nil {
		os.RemoveAll(dir)
		t.Fatalf("pgtest: proxy: %v", err)
	}
	p := &Proxy{dir: dir, server: filepath.Join(cfg.Host, name), l: l, links: map[*verbindung]bool{}}
	p.wg.Go(p.accept)
	t.Cleanup(func() {
		p.Shut(true)
		l.Close()
		p.wg.Wait()
		os.RemoveAll(dir)
	})
	return p
}

// DSN gives the connection string that goes through the proxy.
func (p *Proxy) DSN(dsn string) string {
	u, err := url.Parse(dsn)
	if err != nil {
		panic(err) // it is one of this package
	}
	q := u.Query()
	q.Set("host", p.dir)
	u.RawQuery = q.Encode()
	return u.String()
}

// Rule sets what happens with each group from now on; nil lets all pass. It is
// called by one goroutine at a time.
func (p *Proxy) Rule(f func(Gruppe) Tat) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rule = f
}

// Shut cuts all connections and refuses new ones, until it is called with false.
func (p *Proxy) Shut(on bool) {
	p.mu.Lock()
	p.shut = on
	var all []*verbindung
	for v := range p.links {
		all = append(all, v)
	}
	p.mu.Unlock()
	if on {
		for _, v := range all {
			v.cut()
		}
	}
}

func (p *Proxy) decide(g Gruppe) Tat {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rule == nil {
		return Pass
	}
	return p.rule(g)
}

func (p *Proxy) accept() {
	for {
		client, err := p.l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		server, err := net.Dial("unix", p.server)
		if err != nil {
			client.Close()
			continue
		}
		v := &verbindung{p: p, client: client, server: server, texts: map[string]string{}}
		v.idle = sync.NewCond(&v.mu)
		p.mu.Lock()
		p.conns++
		v.serial = p.conns
		refused := p.shut
		if !refused {
			p.links[v] = true
		}
		p.mu.Unlock()
		if refused {
			v.cut()
			continue
		}
		p.wg.Go(v.toServer)
		p.wg.Go(v.toClient)
	}
}

// verbindung is one connection through the proxy.
type verbindung struct {
	p              *Proxy
	serial         int
	client, server net.Conn
	texts          map[string]string // of prepared statements; used by toServer

	mu      sync.Mutex
	idle    *sync.Cond
	waiting int  // answers that are due; GUARDED_BY(mu)
	deaf    bool // the client gets nothing more; GUARDED_BY(mu)
	ended   bool // GUARDED_BY(mu)
}

func (v *verbindung) cut() {
	v.client.Close()
	v.server.Close()
	v.mu.Lock()
	v.ended = true
	v.idle.Broadcast()
	v.mu.Unlock()
	v.p.mu.Lock()
	delete(v.p.links, v)
	v.p.mu.Unlock()
}

// toServer collects the client's messages into groups and hands them on.
func (v *verbindung) toServer() {
	defer v.cut()
	// The first message has no type; neither has a request to cancel, which is all
	// its connection sends.
	start, err := frame(v.client, false)
	if err != nil {
		return
	}
	v.due(1)
	if _, err := v.server.Write(start); err != nil {
		return
	}
	var group []byte
	g := Gruppe{Verbindung: v.serial}
	for {
		m, err := frame(v.client, true)
		if err != nil {
			return
		}
		group = append(group, m...)
		v.learn(&g, m)
		switch m[0] {
		case 'S', 'Q': // an answer is due
			g.Nr++
			if !v.do(v.p.decide(g), group, 1) {
				return
			}
			group, g.SQL, g.Parsed = nil, nil, nil
		case 'X', 'H', 'd', 'c', 'f', 'p': // end, flush, copy, password: parts of a group
			if !v.do(Pass, group, 0) {
				return
			}
			group = nil
		}
	}
}

// learn reads which statements a message executes.
func (v *verbindung) learn(g *Gruppe, m []byte) {
	body := m[5:]
	text := func() (s string) {
		s, rest, _ := strings.Cut(string(body), "\x00")
		body = []byte(rest)
		return s
	}
	switch m[0] {
	case 'Q':
		g.SQL = append(g.SQL, strings.ToLower(text()))
	case 'P':
		name := text()
		v.texts[name] = strings.ToLower(text())
		g.Parsed = append(g.Parsed, v.texts[name])
	case 'B':
		text() // the portal
		g.SQL = append(g.SQL, v.texts[text()])
	}
}

// do handles a group and tells whether the connection goes on.
func (v *verbindung) do(tat Tat, group []byte, answers int) bool {
	switch tat {
	case CutBefore:
		return false
	case Swallow:
		_, _ = io.Copy(io.Discard, v.client) // until the client gives up
		return false
	case CutAfter:
		v.mu.Lock()
		v.deaf = true
		v.mu.Unlock()
	}
	v.due(answers)
	if _, err := v.server.Write(group); err != nil {
		return false
	}
	if tat == CutAfter {
		v.mu.Lock()
		for v.waiting > 0 && !v.ended {
			v.idle.Wait()
		}
		v.mu.Unlock()
	}
	return tat == Pass
}

func (v *verbindung) due(n int) {
	v.mu.Lock()
	v.waiting += n
	v.mu.Unlock()
}

// toClient hands on answers.
func (v *verbindung) toClient() {
	defer v.cut()
	for {
		m, err := frame(v.server, true)
		if err != nil {
			return
		}
		v.mu.Lock()
		deaf := v.deaf
		if m[0] == 'Z' {
			v.waiting--
			v.idle.Broadcast()
		}
		v.mu.Unlock()
		if deaf {
			continue
		}
		_ = v.client.SetWriteDeadline(time.Now().Add(30 * time.Second))
		if _, err := v.client.Write(m); err != nil {
			return
		}
	}
}

// frame reads one message with its head.
func frame(r io.Reader, typed bool) ([]byte, error) {
	head := make([]byte, 4, 64)
	if typed {
		head = head[:5]
	}
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	l := head[len(head)-4:]
	n := int(l[0])<<24 | int(l[1])<<16 | int(l[2])<<8 | int(l[3])
	if n < 4 || n > 1<<28 {
		return nil, errors.New("pgtest: not a message")
	}
	m := append(head, make([]byte, n-4)...)
	_, err := io.ReadFull(r, m[len(head):])
	return m, err
}
