package dienst

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"

	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/signatur"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// maxBody bounds an answer: a document in base64 and what is around it.
const maxBody = MaxDatei*4/3 + 1<<20

// problemJSON is RFC 9457 with the list of what is wrong.
type problemJSON struct {
	Type     string           `json:"type"`
	Title    string           `json:"title"`
	Status   int              `json:"status"`
	Detail   string           `json:"detail"`
	Probleme []fehler.Problem `json:"probleme,omitempty"`
}

// Handler takes answers by POST at "/{mandant}/{ziel}", below any path the caller strips:
// a signed CloudEvent in its JSON form. It answers 201 for a new one, 200 for a repeat,
// and problem+json for the rest: 401 for a wrong signature, Mandant or target alike, 403
// for what is not allowed, 404 for an unknown hand-over, 409 for another event under a
// known id or a hand-over that ended, 413, 415, 422 for what is wrong in it, 503 with
// Retry-After for what may pass.
func (d *Dienst) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{mandant}/{ziel}", d.serve)
	return mux
}

func (d *Dienst) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if typ, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || typ != uebergabe.MIME {
		refuse(w, http.StatusUnsupportedMediaType, "Erwartet wird "+uebergabe.MIME+".", nil)
		return
	}
	u, err := signatur.FromHeader(r.Header)
	if err != nil {
		refuse(w, http.StatusUnauthorized, "Die Signatur fehlt oder ist ungültig.", nil)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			refuse(w, http.StatusRequestEntityTooLarge, "Die Meldung ist zu groß.", nil)
		} else {
			refuse(w, http.StatusBadRequest, "Die Meldung ist unvollständig.", nil)
		}
		return
	}
	mandant, ziel := tenant.ID(r.PathValue("mandant")), r.PathValue("ziel")
	neu, err := d.Receive(r.Context(), mandant, ziel, u, body)
	p := fehler.ProblemeIn(err)
	switch {
	case err == nil:
		status := http.StatusOK
		if neu {
			status = http.StatusCreated
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]bool{"wiederholt": !neu})
		return
	case errors.Is(err, fehler.ErrForbidden) && len(p) == 0:
		refuse(w, http.StatusUnauthorized, "Die Signatur fehlt oder ist ungültig.", nil)
		return // what stands in the path is anybody's, and belongs in no log
	case errors.Is(err, fehler.ErrForbidden):
		refuse(w, http.StatusForbidden, "Das ist nicht erlaubt.", p)
	case errors.Is(err, fehler.ErrNotFound):
		refuse(w, http.StatusNotFound, "Diese Übergabe ist unbekannt.", p)
	case errors.Is(err, fehler.ErrConflict), errors.Is(err, fehler.ErrExists):
		if len(p) == 0 { // somebody works on it at this moment
			w.Header().Set("Retry-After", "5")
			refuse(w, http.StatusServiceUnavailable, "Der Vorgang wird gerade bearbeitet. Bitte später erneut senden.", nil)
			break
		}
		refuse(w, http.StatusConflict, "Die Meldung passt nicht zum Stand.", p)
	case errors.Is(err, fehler.ErrInvalid), errors.Is(err, fehler.ErrUnsupported):
		refuse(w, http.StatusUnprocessableEntity, "Die Meldung kann nicht übernommen werden.", p)
	default:
		w.Header().Set("Retry-After", "60")
		refuse(w, http.StatusServiceUnavailable, "Zurzeit nicht möglich. Bitte später erneut senden.", nil)
	}
	d.log.WarnContext(r.Context(), "answer of a Fachverfahren refused", "mandant", mandant, "ziel", ziel, "error", err)
}

func refuse(w http.ResponseWriter, status int, detail string, p []fehler.Problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(problemJSON{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, Probleme: p})
}
