package xdomea

import (
	"context"
	"io"
)

// mitpruefer lets a Schemapruefer read along what goes through it.
type mitpruefer struct {
	pw   *io.PipeWriter
	done chan error
}

// pruefeMit starts the validation; nil if there is none to do.
func (k *Kodierer) pruefeMit(ctx context.Context) *mitpruefer {
	if k.schema == nil {
		return nil
	}
	pr, pw := io.Pipe()
	m := &mitpruefer{pw: pw, done: make(chan error, 1)}
	go func() {
		err := k.schema.Validate(ctx, pr)
		pr.CloseWithError(io.ErrClosedPipe) // whoever writes goes on alone
		m.done <- err
	}()
	return m
}

// Write never fails: what the validator found is told by end.
func (m *mitpruefer) Write(p []byte) (int, error) {
	_, _ = m.pw.Write(p)
	return len(p), nil
}

// end ends the message, with err if it was cut off, and gives what is wrong: err
// itself, or else what the validator found.
func (m *mitpruefer) end(err error) error {
	if m == nil {
		return err
	}
	_ = m.pw.CloseWithError(err)
	found := <-m.done
	if err != nil {
		return err
	}
	return found
}

// along gives a reader whose bytes the validator gets too.
func (m *mitpruefer) along(r io.Reader) io.Reader {
	if m == nil {
		return r
	}
	return io.TeeReader(r, m)
}
