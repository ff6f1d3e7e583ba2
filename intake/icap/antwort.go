package icap

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http/httputil"
	"strconv"
	"strings"
)

const (
	// maxKopf bounds a head; maxEcho what a scanner may send back beyond the file.
	maxKopf  = 64 << 10
	maxSeite = 1 << 20
)

// kopf is the head of an answer, ICAP's or the HTTP one within.
type kopf struct {
	status int
	felder map[string]string // lower-case names; lines that continue are divided by \n
}

func (k *kopf) get(name string) string { return k.felder[strings.ToLower(name)] }

func (k *kopf) schliesst() bool { return nennt(k.get("Connection"), "close") }

var errAntwort = errors.New("the answer of the scanner is not understood")

// readKopf reads a status line of the protocol and the fields up to the empty line.
func readKopf(r *bufio.Reader, protokoll string) (*kopf, error) {
	k := &kopf{felder: map[string]string{}}
	rest, last := maxKopf, ""
	for n := 0; ; n++ {
		line, err := readZeile(r, &rest)
		if err != nil {
			return nil, err
		}
		switch {
		case n == 0:
			version, status, _ := strings.Cut(line, " ")
			status, _, _ = strings.Cut(status, " ")
			k.status, err = strconv.Atoi(status)
			if err != nil || !strings.HasPrefix(version, protokoll) || len(status) != 3 || k.status < 100 {
				return nil, errAntwort
			}
		case line == "":
			return k, nil
		case line[0] == ' ' || line[0] == '\t':
			if last == "" {
				return nil, errAntwort
			}
			k.felder[last] += "\n" + strings.TrimSpace(line)
		default:
			name, value, ok := strings.Cut(line, ":")
			if !ok || name == "" || strings.ContainsAny(name, " \t") {
				return nil, errAntwort
			}
			last = strings.ToLower(name)
			value = strings.TrimSpace(value)
			if old, twice := k.felder[last]; twice {
				value = old + ", " + value
			}
			k.felder[last] = value
		}
	}
}

func readZeile(r *bufio.Reader, rest *int) (string, error) {
	var b []byte
	for {
		part, err := r.ReadSlice('\n')
		if *rest -= len(part); *rest < 0 {
			return "", errAntwort
		}
		b = append(b, part...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return "", err
		}
		return string(bytes.TrimRight(b, "\r\n")), nil
	}
}

// antwort reads what the scanner says to a preview: its judgement, or that it wants the
// rest, which is then sent.
func (c *Client) antwort(k *conn, s *sender, rest io.Reader, vorschau bool) (string, bool, error) {
	h, err := readKopf(k.r, "ICAP/1.")
	if err != nil {
		return "", false, err
	}
	if h.status != 100 {
		return c.urteil(k, h, s, vorschau)
	}
	if !vorschau {
		return "", false, fmt.Errorf("%w: it wants more of a file that has ended", errAntwort)
	}
	return c.senden(k, s, rest)
}

func (c *Client) lesen(k *conn, s *sender) (string, bool, error) {
	h, err := readKopf(k.r, "ICAP/1.")
	if err != nil {
		return "", false, err
	}
	return c.urteil(k, h, s, false)
}

// urteil turns an answer into finding, clean or error. vorschau: the scanner decided on
// the preview alone, as the protocol lets it.
func (c *Client) urteil(k *conn, h *kopf, s *sender, vorschau bool) (string, bool, error) {
	fund, err := h.fund()
	if err != nil {
		return "", false, err
	}
	frueh := !vorschau && !s.ganz.Load()
	switch {
	case h.status == 204 && fund != "":
		return fund, !h.schliesst(), nil // a contradiction: the worse half counts
	case h.status == 204 && frueh:
		return "", false, fmt.Errorf("%w: clean before the file had ended", errAntwort)
	case h.status == 204:
		if e := h.get("Encapsulated"); e != "" && !strings.HasPrefix(strings.TrimSpace(e), "null-body=0") {
			return fund, false, nil // something follows that must not be read as the next answer
		}
		return "", !h.schliesst(), nil
	case h.status != 200:
		return "", false, fmt.Errorf("the scanner answers with %d", h.status)
	}
	innen, echo, err := c.inhalt(k, h, s)
	if fund != "" { // broken or not, something was found
		return fund, err == nil && !h.schliesst(), nil
	}
	switch {
	case err != nil:
		return "", false, err
	case innen.status == 403:
		return "gesperrt", !h.schliesst(), nil
	case !echo || innen.status != 200 && innen.status != 0:
		return "", false, fmt.Errorf("%w: other content without a finding", errAntwort)
	case frueh && !s.ganz.Load():
		return "", false, fmt.Errorf("%w: clean before the file had ended", errAntwort)
	}
	return "", !h.schliesst(), nil
}

// inhalt reads the encapsulated message; echo tells whether its body is the file itself.
func (c *Client) inhalt(k *conn, h *kopf, s *sender) (innen *kopf, echo bool, err error) {
	resp, body, length, err := kapsel(h.get("Encapsulated"))
	if err != nil {
		return nil, false, err
	}
	innen = &kopf{}
	if length > 0 {
		head := make([]byte, length)
		if _, err := io.ReadFull(k.r, head); err != nil {
			return nil, false, err
		}
		if resp {
			if innen, err = readKopf(bufio.NewReader(bytes.NewReader(head)), "HTTP/1."); err != nil {
				return nil, false, err
			}
		}
	}
	if !body {
		return innen, false, nil
	}
	summe := sha256.New()
	n, err := io.Copy(summe, io.LimitReader(httputil.NewChunkedReader(k.r), c.o.MaxBytes+maxSeite))
	if err != nil {
		return nil, false, err
	}
	if n >= c.o.MaxBytes+maxSeite {
		return nil, false, fmt.Errorf("%w: too long", errAntwort)
	}
	rest := maxKopf
	for { // trailers, to the empty line
		line, err := readZeile(k.r, &rest)
		if err != nil {
			return nil, false, err
		}
		if line == "" {
			break
		}
	}
	// The sums can be compared once all was sent, which s.ganz says.
	return innen, s.ganz.Load() && n == s.n && bytes.Equal(summe.Sum(nil), s.summe.Sum(nil)), nil
}

// kapsel reads the field Encapsulated: "res-hdr=0, res-body=137".
func kapsel(s string) (resp, body bool, length int, err error) {
	list := strings.Split(s, ",")
	before := -1
	for i, part := range list {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		n, err := strconv.Atoi(value)
		if err != nil || n <= before || n > maxKopf || i == 0 && n != 0 {
			return false, false, 0, errAntwort
		}
		before = n
		switch last := i == len(list)-1; {
		case name == "res-hdr" && !last && i == 0:
			resp = true
		case name == "req-hdr" && !last && i == 0:
		case (name == "res-body" || name == "req-body") && last:
			body, length = true, n
		case name == "null-body" && last:
			length = n
		default:
			return false, false, 0, errAntwort
		}
	}
	return resp, body, length, nil
}

// fund gives the name of what the head says was found. X-Infection-Found, X-Virus-ID
// and X-Violations-Found are in use beside the standard (draft-stecher-icap-subid).
func (k *kopf) fund() (string, error) {
	if v, ok := k.felder["x-infection-found"]; ok {
		for _, f := range strings.FieldsFunc(v, func(r rune) bool { return r == ';' || r == '\n' }) {
			name, value, _ := strings.Cut(strings.TrimSpace(f), "=")
			if strings.EqualFold(strings.TrimSpace(name), "Threat") && strings.TrimSpace(value) != "" {
				return strings.TrimSpace(value), nil
			}
		}
		return "unbenannt", nil
	}
	if v, ok := k.felder["x-violations-found"]; ok {
		lines := strings.Split(v, "\n")
		n, err := strconv.Atoi(strings.TrimSpace(lines[0]))
		if err != nil || n < 0 {
			return "", errAntwort
		}
		if n > 0 {
			if len(lines) > 2 && lines[2] != "" { // number; then file name, name of the threat, ...
				return lines[2], nil
			}
			return "unbenannt", nil
		}
	}
	if v := k.get("X-Virus-ID"); v != "" && !strings.EqualFold(v, "no threats") && !strings.EqualFold(v, "none") {
		return strings.ReplaceAll(v, "\n", " "), nil
	}
	return "", nil
}
