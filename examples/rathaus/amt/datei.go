package amt

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/gabriel-vasile/mimetype"
	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// gibDatei sends a file from the blob storage.
func (x *anfrage) gibDatei(m tenant.ID, f messaging.Anhang) error {
	r, err := x.a.Blobs.Open(x.Context(), m, blob.Ref{SHA512: f.SHA512, Groesse: f.Groesse})
	if err != nil {
		return err
	}
	defer r.Close()
	art, mimeTyp := "attachment", "application/octet-stream"
	if slices.Contains(zeigbar, f.MIME) {
		art, mimeTyp = "inline", f.MIME
	}
	if x.URL.Query().Has("sichern") {
		art = "attachment"
	}
	x.kopfDatei(mimeTyp, art, f.Name)
	x.w.Header().Set("Content-Length", strconv.FormatInt(f.Groesse, 10))
	_, err = io.Copy(x.w, r)
	if err != nil { // the header is out; breaking the connection is all that is left
		x.a.o.Log.Error("file not sent whole", "error", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

func (x *anfrage) kopfDatei(mimeTyp, art, name string) {
	x.policyDatei()
	x.w.Header().Set("Content-Type", mimeTyp)
	x.w.Header().Set("Content-Disposition", mime.FormatMediaType(art, map[string]string{"filename": name}))
}

func (x *anfrage) gibPDF(b *bytes.Buffer, name string) error {
	x.kopfDatei("application/pdf", "inline", name)
	_, err := b.WriteTo(x.w)
	return err
}

// anlage takes a file of the clerk: first into the blob storage, then as a command. Its
// type is what its content shows.
func (x *anfrage) anlage() error {
	id, err := x.kennung("id")
	if err != nil {
		return err
	}
	v, err := x.get(x.Context(), id)
	if err != nil {
		return err
	}
	f, kopf, err := x.FormFile("datei")
	if err != nil {
		return falsch("/datei", "Bitte wählen Sie eine Datei aus.")
	}
	defer f.Close()
	typ, err := mimetype.DetectReader(f)
	if err != nil {
		return err
	}
	erkannt := strings.SplitN(typ.String(), ";", 2)[0]
	if !slices.ContainsFunc(intake.StandardTypen, func(s string) bool { return typ.Is(s) }) {
		return falsch("/datei", "Dateien dieser Art nehmen wir nicht an. Erlaubt sind zum Beispiel PDF, PNG und JPEG.")
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	ref, err := x.a.Blobs.Put(x.Context(), v.Mandant(), f)
	if err != nil {
		return err
	}
	name := path.Base(strings.ReplaceAll(kopf.Filename, `\`, "/"))
	if _, err := x.edit(id, func(v *vorgang.Vorgang) error {
		_, err := v.AddDatei(x.akteur, x.now, vorgang.Datei{Zweck: vorgang.ZweckAnlage, Herkunft: x.akteur.ID,
			Anhang: messaging.Anhang{ID: uuid.New(), Name: name, MIME: erkannt, Groesse: ref.Groesse, SHA512: ref.SHA512}})
		return err
	}); err != nil {
		return err
	}
	return x.weiter("/vorgang/"+id.String(), "Die Datei ist gespeichert.")
}
