// Package xmltoken reads XML from strangers token by token: bounded in bytes, tokens and
// depth, without a document type and so without entities beyond the five of XML, and
// without the texts of the parser, which may quote content.
package xmltoken

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
)

// What ends the reading, beside the end of the context and a [SourceError].
var (
	ErrBytes   = errors.New("document is too large")
	ErrToken   = errors.New("too many tokens")
	ErrDepth   = errors.New("nested too deep")
	ErrDoctype = errors.New("DOCTYPE is not allowed")
	// ErrSyntax: not well-formed, or cut off.
	ErrSyntax = errors.New("not well-formed XML")
	// ErrEncoding: the document declares another encoding than UTF-8.
	ErrEncoding = errors.New("not XML in UTF-8")
)

// SourceError is an error of the reader below, not of the document.
type SourceError struct{ Err error }

func (e *SourceError) Error() string { return "the source failed" }
func (e *SourceError) Unwrap() error { return e.Err }

// Limits of a document; all are mandatory.
type Limits struct {
	Bytes int64
	// Token counts tags, texts, comments and processing instructions.
	Token int
	// Depth of the elements.
	Depth int
}

// Reader gives tokens. Not safe for concurrent use.
type Reader struct {
	ctx          context.Context
	d            *xml.Decoder
	src          *source
	limits       Limits
	depth, token int
}

// New makes a Reader. A byte order mark of UTF-8 is passed over.
func New(ctx context.Context, r io.Reader, l Limits) *Reader {
	x := &Reader{ctx: ctx, src: &source{r: r, n: l.Bytes}, limits: l}
	x.d = xml.NewDecoder(skipBOM(x.src))
	x.d.Strict = true
	return x
}

// Pos is the line and column of the place, from 1.
func (x *Reader) Pos() (line, column int) { return x.d.InputPos() }

// Next gives the next start, end or text; comments and instructions are passed over. The
// end of the document is [ErrSyntax]: who has read the end of the root asks [Reader.Finish].
func (x *Reader) Next() (xml.Token, error) {
	for {
		if x.token++; x.token > x.limits.Token {
			return nil, ErrToken
		}
		if x.token%1024 == 1 { // the first one, too
			if err := x.ctx.Err(); err != nil {
				return nil, err
			}
		}
		t, err := x.d.Token()
		if err != nil {
			return nil, x.kind(err)
		}
		switch t := t.(type) {
		case xml.Directive:
			return nil, ErrDoctype
		case xml.StartElement:
			if x.depth++; x.depth > x.limits.Depth {
				return nil, ErrDepth
			}
			return t, nil
		case xml.EndElement:
			x.depth--
			return t, nil
		case xml.CharData:
			return t, nil
		}
	}
}

// Finish makes sure that nothing but white space, comments and instructions follows the
// root; anything else is [ErrSyntax].
func (x *Reader) Finish() error {
	for {
		t, err := x.d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return x.kind(err)
		}
		switch t := t.(type) {
		case xml.CharData:
			if len(bytes.TrimSpace(t)) == 0 {
				continue
			}
		case xml.Comment, xml.ProcInst:
			continue
		}
		return ErrSyntax
	}
}

func (x *Reader) kind(err error) error {
	_, broken := errors.AsType[*xml.SyntaxError](err)
	switch {
	case x.src.over:
		return ErrBytes
	case x.src.err != nil:
		if errors.Is(x.src.err, context.Canceled) || errors.Is(x.src.err, context.DeadlineExceeded) {
			return x.src.err
		}
		return &SourceError{x.src.err}
	case broken || errors.Is(err, io.EOF):
		return ErrSyntax
	}
	return ErrEncoding
}

// source tells the end of the allowance and an error below from the end of the document,
// so that a cut document is not taken for a short one.
type source struct {
	r    io.Reader
	n    int64
	over bool
	err  error
}

func (s *source) Read(p []byte) (int, error) {
	if s.n < 0 {
		s.over = true
		return 0, ErrBytes
	}
	n, err := s.r.Read(p[:min(int64(len(p)), s.n+1)])
	if s.n -= int64(n); s.n < 0 {
		s.over = true
		return 0, ErrBytes
	}
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

func skipBOM(s *source) io.Reader {
	head := make([]byte, 3)
	n, err := io.ReadFull(s, head)
	if n == 3 && bytes.Equal(head, []byte("\xef\xbb\xbf")) {
		return s
	}
	rest := io.Reader(s)
	if err != nil && n < 3 && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		rest = failing{err}
	}
	return io.MultiReader(bytes.NewReader(head[:n]), rest)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
