package fitconnect

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Source is an attachment that is read while it is sent, so that it need not fit
// into memory: see [SendLimits.FragmentSize].
type Source struct {
	// MetadataAttachment describes it: MIMEType and Purpose are needed. An empty
	// AttachmentID is filled in. A Hash, if given, must be that of the content.
	MetadataAttachment
	// Size in bytes, exactly.
	Size int64
	// Open gives the content from its beginning. It is called once for each run;
	// the reader is closed. A sending that is continued opens it again and must
	// find the same bytes.
	Open func(ctx context.Context) (io.ReadCloser, error)
}

var zeroHash = strings.Repeat("0", 2*sha512.Size)

// prepare checks everything that can be checked without a call and plans the parts.
func (s *sending) prepare(in inhalt, draft any) error {
	s.inhalt, s.draft, s.sources, s.first = in, draft, nil, false
	if err := s.collect(); err != nil {
		return err
	}
	print, err := s.fingerprint(draft)
	if err != nil {
		return err
	}
	switch {
	case s.p.Draft == "" || s.p.Draft == print:
	case s.p.Metadata == "" && !s.p.Done:
		// Nothing was handed over: beginning anew cannot send twice.
		*s.p = Progress{}
	case in.FirstStands:
		s.first = true
		return nil
	default:
		return fehler.New("fitconnect."+s.op, s.p.SubmissionID, fehler.ErrConflict, errors.New("the progress belongs to another draft"))
	}
	if s.p.Done {
		return nil
	}
	if s.p.Draft == "" || len(s.p.Attachments) != len(s.sources) {
		if s.p.SubmissionID != "" {
			return fehler.New("fitconnect."+s.op, s.p.SubmissionID, fehler.ErrConflict, errors.New("the progress is damaged"))
		}
		if err := s.plan(); err != nil {
			return err
		}
	}
	raw, err := s.metadata()
	if err != nil {
		return err
	}
	if p := append(CheckMetadata(raw), CheckMetadataFormats(raw)...); len(p) > 0 {
		return p
	}
	if p := CheckDataSyntax(in.DataSchema.MIMEType, in.Data); len(p) > 0 {
		return p
	}
	if int64(len(in.Data)) > s.limits.MaxPart {
		return sendProblem(CodeTooLarge, "/data", "data are larger than one part may be", "Die Fachdaten sind zu groß.")
	}
	s.p.Draft = print
	return nil
}

// collect brings Attachments and Sources into one list.
func (s *sending) collect() error {
	for _, a := range s.inhalt.Attachments {
		a.Hash = HashOf(a.Content)
		content := a.Content
		s.sources = append(s.sources, Source{MetadataAttachment: a.MetadataAttachment, Size: int64(len(content)),
			Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }})
	}
	for i, src := range s.inhalt.Sources {
		if src.Size < 0 || src.Open == nil {
			return invalid(s.op, "source %d needs Size and Open", i)
		}
		if src.Hash.Content != "" && (src.Hash.Type != "sha512" || !sha512RE.MatchString(src.Hash.Content)) {
			return invalid(s.op, "source %d: hash is not sha512 in lower-case hex", i)
		}
		s.sources = append(s.sources, src)
	}
	if s.inhalt.MetadataRaw != nil {
		return s.compareRaw()
	}
	return nil
}

// compareRaw: a document that is sent unchanged must describe what goes with it.
func (s *sending) compareRaw() error {
	m, err := ParseMetadata(s.inhalt.MetadataRaw)
	if err != nil {
		return err
	}
	bad := func(place, meldung string) error {
		return sendProblem(CodeUnchanged, place, meldung, "Die unveränderten Metadaten passen nicht zum Inhalt.")
	}
	data := m.ContentStructure.Data
	if data == nil || !data.Hash.Matches(s.inhalt.Data) || data.SubmissionSchema != s.inhalt.DataSchema {
		return bad("/data", "metadata describe other data")
	}
	if len(m.ContentStructure.Attachments) != len(s.sources) {
		return bad("/attachments", "metadata describe another number of attachments")
	}
	for i, a := range m.ContentStructure.Attachments {
		place := "/attachments/" + strconv.Itoa(i)
		src := &s.sources[i]
		switch {
		case a.AttachmentID != src.AttachmentID:
			return bad(place, "metadata name another attachment id")
		case len(a.Fragments) > 0:
			return bad(place, "metadata with fragments cannot be sent unchanged")
		case src.Hash.Content != "" && src.Hash != a.Hash:
			return bad(place, "metadata carry another hash")
		}
		src.MetadataAttachment = a
	}
	return nil
}

// upload sends the parts of one attachment that are missing. It reads the whole
// content, for the hash.
func (s *sending) upload(ctx context.Context, i int) (err error) {
	src, a := s.sources[i], &s.p.Attachments[i]
	place := "/attachments/" + strconv.Itoa(i)
	r, err := src.Open(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := r.Close(); err == nil {
			err = closeErr
		}
	}()
	size := src.Size
	if a.Cut > 0 {
		size = a.Cut
	}
	buf := make([]byte, min(size, src.Size))
	whole := sha512.New()
	for j := range a.Parts {
		if err := ctx.Err(); err != nil {
			return err
		}
		chunk := buf[:min(int64(len(buf)), src.Size-int64(j)*size)]
		if _, err := io.ReadFull(r, chunk); err != nil {
			return sourceError(place, err)
		}
		whole.Write(chunk)
		if err := s.uploadPart(ctx, &a.Parts[j], src.MIMEType, chunk); err != nil {
			return err
		}
	}
	if n, err := io.ReadFull(r, make([]byte, 1)); n > 0 {
		return sourceProblem(place, "source holds more bytes than its size")
	} else if !errors.Is(err, io.EOF) {
		return err
	}
	a.Hash = hex.EncodeToString(whole.Sum(nil))
	if src.Hash.Content != "" && src.Hash.Content != a.Hash {
		return sourceProblem(place, "source has another hash than said")
	}
	return nil
}

func (s *sending) uploadPart(ctx context.Context, p *PartProgress, mime string, plain []byte) error {
	hash := SHA512(plain)
	if p.Tag != "" && p.Hash == hash {
		return nil // an earlier run did it
	}
	jwe, err := Encrypt(EncryptParams{Key: s.key, Cty: mime, Plaintext: plain})
	if err != nil {
		return err
	}
	if err := s.to.upload(ctx, s.p.SubmissionID, p.ID, jwe); err != nil {
		return err
	}
	p.Tag, p.Hash = strings.Clone(jwe.Tag()), hash // the tag alone, not the text it is cut from
	return s.keep(ctx)
}

func sourceError(place string, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return sourceProblem(place, "source holds fewer bytes than its size")
	}
	return err
}

func sourceProblem(place, meldung string) error {
	return sendProblem(CodeSource, place, meldung, "Eine Anlage ist nicht mehr so, wie sie angekündigt wurde.")
}
