package ozgcloud

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Limits of one request; zero values mean the defaults. They should not be above those
// of the Annahme: what passes here and not there is refused for good under its
// transactionId.
type Limits struct {
	// Gesamt is the whole body in bytes, default 500 MiB; Datei one attachment or
	// representation, default 100 MiB; FormData the part formData, default 10 MiB.
	Gesamt, Datei, FormData int64
	// Dateien is how many attachments there may be, default 100.
	Dateien int
	// Kopf is the header of one part in bytes, default 8 KiB.
	Kopf int
	// Gleichzeitig is how many requests are read at the same time, default 64; more are
	// told to come again.
	Gleichzeitig int
}

func (l Limits) withDefaults() Limits {
	set := func(n *int64, d int64) {
		if *n <= 0 {
			*n = d
		}
	}
	set(&l.Gesamt, 500<<20)
	set(&l.Datei, 100<<20)
	set(&l.FormData, 10<<20)
	for n, d := range map[*int]int{&l.Dateien: 100, &l.Kopf: 8 << 10, &l.Gleichzeitig: 64} {
		if *n <= 0 {
			*n = d
		}
	}
	return l
}

// sendung is a request that was read: its files lie in the blob storage.
type sendung struct {
	formData []byte
	dateien  []intake.Teil
	// hashes of the attachments in their order, for the Abdruck.
	hashes []string
}

// boundary gives the boundary of the body.
func boundary(r *http.Request) (string, *refusal) {
	typ, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || typ != "multipart/form-data" {
		return "", refuse(http.StatusUnsupportedMediaType, "ozgcloud.inhaltstyp", "", "the body is not multipart/form-data", "Der Antrag ist nicht als multipart/form-data gesendet.")
	}
	b := params["boundary"]
	if b == "" || len(b) > 70 { // RFC 2046, 5.1.1
		return "", refuse(http.StatusBadRequest, "ozgcloud.multipart", "", "no usable boundary", "Der Antrag ist nicht lesbar aufgebaut (multipart).")
	}
	return b, nil
}

// leser reads the parts of one request.
type leser struct {
	l     Limits
	put   func(ctx context.Context, r io.Reader) (blob.Ref, error)
	open  func(ctx context.Context, ref blob.Ref) (io.ReadCloser, error)
	seen  map[string]int
	items sendung
}

// read takes the body apart, part by part; attachments go to the blob storage as they
// come. The error is a *refusal, or technical.
func (x *leser) read(ctx context.Context, body io.Reader, boundary string) (*sendung, error) {
	x.seen = map[string]int{}
	end := &schluss{r: body, want: []byte("\n--" + boundary + "--"), tail: []byte("\n")}
	m := multipart.NewReader(end, boundary)
	for {
		p, err := m.NextPart()
		if err == io.EOF && end.seen { // it also says EOF where the body is cut behind a boundary
			break
		}
		if err != nil {
			return nil, bodyError(err)
		}
		if err := x.part(ctx, p); err != nil {
			return nil, err
		}
	}
	if x.seen[teilFormData] == 0 {
		return nil, refuse(http.StatusBadRequest, "ozgcloud.teil-fehlt", teilFormData, "there is no part formData", "Der Antrag enthält keine Formulardaten (formData).")
	}
	return &x.items, nil
}

func (x *leser) part(ctx context.Context, p *multipart.Part) error {
	if r := x.header(p); r != nil {
		return r
	}
	name := p.FormName()
	max, once := x.l.Datei, true
	switch name {
	case teilFormData:
		max = x.l.FormData
	case teilRepresentation:
	case teilAttachment:
		once = false
	default:
		return refuse(http.StatusBadRequest, "ozgcloud.teil-unbekannt", "", "a part is neither formData nor representation nor attachment",
			"Der Antrag enthält einen Teil, den die Schnittstelle nicht kennt.")
	}
	x.seen[name]++
	if once && x.seen[name] > 1 {
		return refuse(http.StatusBadRequest, "ozgcloud.teil-doppelt", name, "the part is there twice", "Der Antrag enthält einen Teil doppelt ("+name+").")
	}
	if x.seen[teilAttachment] > x.l.Dateien {
		return refuse(http.StatusRequestEntityTooLarge, "ozgcloud.zu-viele-teile", name, fmt.Sprintf("more than %d attachments", x.l.Dateien),
			fmt.Sprintf("Der Antrag enthält mehr als %d Dateien.", x.l.Dateien))
	}
	if name == teilFormData {
		return x.formData(p, max)
	}
	return x.datei(ctx, p, name, max)
}

// header judges what stands before the bytes of a part.
func (x *leser) header(p *multipart.Part) *refusal {
	size := 0
	for k, v := range p.Header {
		for _, s := range v {
			size += len(k) + len(s) + 4
			if !utf8.ValidString(s) || strings.IndexFunc(s, unicode.IsControl) >= 0 {
				return refuse(http.StatusBadRequest, "ozgcloud.teilkopf", "", "a header of a part is not plain UTF-8", "Der Kopf eines Teils ist nicht lesbar.")
			}
		}
		if len(v) > 1 && strings.HasPrefix(k, "Content-") {
			return refuse(http.StatusBadRequest, "ozgcloud.teilkopf", "", "a header of a part is there twice", "Der Kopf eines Teils ist widersprüchlich.")
		}
	}
	if size > x.l.Kopf {
		return refuse(http.StatusRequestHeaderFieldsTooLarge, "ozgcloud.teilkopf-zu-gross", "", fmt.Sprintf("the header of a part is larger than %d bytes", x.l.Kopf), "Der Kopf eines Teils ist zu groß.")
	}
	typ, _, err := mime.ParseMediaType(p.Header.Get("Content-Disposition"))
	if err != nil || typ != "form-data" {
		return refuse(http.StatusBadRequest, "ozgcloud.teilkopf", "", "a part has no readable Content-Disposition", "Der Kopf eines Teils ist nicht lesbar.")
	}
	switch strings.ToLower(p.Header.Get("Content-Transfer-Encoding")) {
	case "", "7bit", "8bit", "binary":
		return nil
	}
	return refuse(http.StatusUnsupportedMediaType, "ozgcloud.kodierung", "", "a part has a transfer encoding, which form data must not", "Ein Teil ist in einer Weise kodiert, die Formulardaten nicht erlauben.")
}

func (x *leser) formData(p *multipart.Part, max int64) error {
	if t := p.Header.Get("Content-Type"); t != "" { // any type, but one charset
		_, params, err := mime.ParseMediaType(t)
		if c := strings.ToLower(params["charset"]); err != nil || c != "" && c != "utf-8" && c != "us-ascii" {
			return refuse(http.StatusUnsupportedMediaType, "ozgcloud.zeichensatz", teilFormData, "the charset is not UTF-8", "Die Formulardaten sind nicht in UTF-8 geschrieben.")
		}
	}
	var b bytes.Buffer
	if _, err := io.Copy(&b, io.LimitReader(p, max+1)); err != nil {
		return bodyError(err)
	}
	if int64(b.Len()) > max {
		return tooLarge(teilFormData, max)
	}
	if !utf8.Valid(b.Bytes()) {
		return refuse(http.StatusBadRequest, "ozgcloud.zeichensatz", teilFormData, "not valid UTF-8", "Die Formulardaten sind nicht in UTF-8 geschrieben.")
	}
	x.items.formData = b.Bytes()
	return nil
}

func (x *leser) datei(ctx context.Context, p *multipart.Part, name string, max int64) error {
	file, r := fileName(p)
	if r != nil {
		return r
	}
	in := &grenze{r: p, rest: max}
	ref, err := x.put(ctx, in)
	if in.voll {
		return tooLarge(name, max)
	}
	if in.err != nil {
		return bodyError(in.err)
	}
	if err != nil {
		return err
	}
	t := intake.Teil{Name: file, MIME: p.Header.Get("Content-Type"), Zweck: vorgang.ZweckAnlage, Groesse: ref.Groesse, SHA512: ref.SHA512,
		Open: func(ctx context.Context) (io.ReadCloser, error) { return x.open(ctx, ref) }}
	if name == teilRepresentation {
		t.Zweck = vorgang.ZweckFormular
	} else {
		x.items.hashes = append(x.items.hashes, ref.SHA512)
	}
	if t.Name == "" {
		t.Name = "anlage-" + fmt.Sprint(x.seen[teilAttachment])
		if name == teilRepresentation {
			t.Name = "antrag"
		}
	}
	x.items.dateien = append(x.items.dateien, t)
	return nil
}

// schluss watches for the last boundary of a body.
type schluss struct {
	r          io.Reader
	want, tail []byte
	seen       bool
}

func (s *schluss) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	if s.seen || n == 0 {
		return n, err
	}
	over := append(s.tail, b[:min(n, len(s.want))]...) // what lies across two reads
	s.seen = bytes.Contains(over, s.want) || bytes.Contains(b[:n], s.want)
	if n < len(s.want) {
		s.tail = over[max(0, len(over)-len(s.want)):]
	} else {
		s.tail = append(s.tail[:0], b[n-len(s.want):n]...)
	}
	return n, err
}

// fileName reads the name as it was sent: a path, a name that hides something and one
// that is no text are refused, not mended. It may be absent.
func fileName(p *multipart.Part) (string, *refusal) {
	_, params, _ := mime.ParseMediaType(p.Header.Get("Content-Disposition")) // was judged
	name := params["filename"]
	if strings.HasPrefix(name, "=?") { // RFC 2047, which RFC 7578 forbids and some libraries write
		if d, err := new(mime.WordDecoder).DecodeHeader(name); err == nil {
			name = d
		}
	}
	bad := len(name) > 255 || !utf8.ValidString(name) || strings.ContainsAny(name, `/\`) || slices.Contains([]string{".", ".."}, name) ||
		strings.IndexFunc(name, func(r rune) bool { return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) }) >= 0
	if bad || name != "" && path.Clean(name) != name {
		return "", refuse(http.StatusBadRequest, "ozgcloud.dateiname", p.FormName(), "the file name is a path, too long or not plain text",
			"Der Name einer Datei ist nicht erlaubt (Pfad, zu lang oder unsichtbare Zeichen).")
	}
	return name, nil
}

// grenze counts what is read of a part and remembers why it ended.
type grenze struct {
	r    io.Reader
	rest int64
	voll bool
	err  error
}

var errVoll = errors.New("too large")

func (g *grenze) Read(b []byte) (int, error) {
	n, err := g.r.Read(b)
	if g.rest -= int64(n); g.rest < 0 {
		g.voll = true
		return 0, errVoll
	}
	if err != nil && !errors.Is(err, io.EOF) {
		g.err = err
	}
	return n, err
}

func tooLarge(name string, max int64) *refusal {
	return refuse(http.StatusRequestEntityTooLarge, "ozgcloud.teil-zu-gross", name, fmt.Sprintf("larger than %d bytes", max),
		fmt.Sprintf("Ein Teil des Antrags ist größer als %s.", groesse(max)))
}

func groesse(n int64) string {
	if n >= 1<<20 {
		return fmt.Sprintf("%d MB", n>>20)
	}
	return fmt.Sprintf("%d Byte", n)
}

// bodyError says why the body could not be read to its end.
func bodyError(err error) error {
	if m, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return refuse(http.StatusRequestEntityTooLarge, "ozgcloud.zu-gross", "", fmt.Sprintf("the body is larger than %d bytes", m.Limit),
			fmt.Sprintf("Der Antrag ist größer als %s.", groesse(m.Limit)))
	}
	n, isNet := errors.AsType[net.Error](err)
	if errors.Is(err, os.ErrDeadlineExceeded) || isNet && n.Timeout() {
		return refuse(http.StatusRequestTimeout, "ozgcloud.zu-langsam", "", "the body did not arrive in time", "Der Antrag ist nicht rechtzeitig angekommen.")
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	return refuse(http.StatusBadRequest, "ozgcloud.multipart", "", "the body is no complete multipart/form-data", "Der Antrag ist nicht vollständig oder nicht lesbar aufgebaut (multipart).")
}
