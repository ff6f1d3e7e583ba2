package xbezahldienstetest

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"math/big"
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/xbezahldienste"
)

func (d *Dienst) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /xbezahldienste/auth/token", d.token)
	mux.HandleFunc("POST /xbezahldienste/paymenttransaction/{o}/{e}", d.api(d.anlegen))
	mux.HandleFunc("GET /xbezahldienste/paymenttransaction/{o}/{e}/{t}", d.api(d.lesen))
	mux.HandleFunc("GET /xbezahldienste/status/{o}/{e}", d.api(func(w http.ResponseWriter, _ *http.Request, _ Fehler) { w.WriteHeader(http.StatusOK) }))
	mux.HandleFunc("GET /bezahlseite/{t}", d.bezahlseite)
	mux.HandleFunc("POST /bezahlseite/{t}", d.bezahlen)
	return mux
}

func problem(w http.ResponseWriter, status int, code, link string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"code": code, "title": code, "status": status, "link": link, "detail": "Einzelheiten"})
}

func (d *Dienst) token(w http.ResponseWriter, r *http.Request) {
	id, secret, ok := r.BasicAuth()
	if r.ParseForm() != nil || !ok || id != ClientID || secret != "nur+f%C3%BCr+Tests%3A+%2B%2F%25" || r.PostForm.Get("grant_type") != "client_credentials" || r.PostForm.Get("scope") != Scope {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"error":"invalid_client"}`)
		return
	}
	t := zufall()
	d.mu.Lock()
	d.tokens[t] = true
	d.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": t, "token_type": "Bearer", "expires_in": 300})
}

// api checks who calls and plays the faults that need no payment.
func (d *Dienst) api(f func(http.ResponseWriter, *http.Request, Fehler)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s := d.stoerung()
		d.mu.Lock()
		d.agent = r.UserAgent()
		erlaubt := d.tokens[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
		d.mu.Unlock()
		if d.o.MTLS {
			erlaubt = r.TLS != nil && len(r.TLS.VerifiedChains) > 0
		}
		switch {
		case s == VorAnlageStumm:
			panic(http.ErrAbortHandler)
		case s == Intern:
			w.WriteHeader(http.StatusInternalServerError)
		case s == ZuViel:
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		case s == Umleitung:
			http.Redirect(w, r, "https://anderswo.example/", http.StatusTemporaryRedirect)
		case !erlaubt || s == TokenUngueltig:
			problem(w, http.StatusUnauthorized, xbezahldienste.CodeForbidden, "")
		case r.UserAgent() == "" || strings.HasPrefix(r.UserAgent(), "Go-http-client"):
			problem(w, http.StatusForbidden, xbezahldienste.CodeForbidden, "")
		case r.PathValue("o") != d.o.OriginatorID || r.PathValue("e") != d.o.EndPointID:
			problem(w, http.StatusForbidden, xbezahldienste.CodeNoEndpoint, "")
		default:
			f(w, r, s)
		}
	}
}

func (d *Dienst) anlegen(w http.ResponseWriter, r *http.Request, s Fehler) {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	var q xbezahldienste.PaymentRequest
	dec := json.NewDecoder(strings.NewReader(string(b)))
	dec.DisallowUnknownFields()
	if err != nil || dec.Decode(&q) != nil {
		problem(w, http.StatusBadRequest, xbezahldienste.CodeValidation, "")
		return
	}
	if code := d.pruefe(q); code != "" {
		problem(w, http.StatusBadRequest, code, "")
		return
	}
	d.mu.Lock()
	if t, ok := d.anfragen[q.RequestID]; ok {
		d.mu.Unlock()
		link := d.URL() + "/paymenttransaction/" + d.o.OriginatorID + "/" + d.o.EndPointID + "/" + t
		if d.o.OhneLink {
			link = ""
		}
		problem(w, http.StatusConflict, xbezahldienste.CodePaymentExists, link)
		return
	}
	d.n++
	id := fmt.Sprintf("T%06d", d.n)
	v := &vorgang{t: xbezahldienste.PaymentTransaction{PaymentRequest: q, PaymentInformation: xbezahldienste.PaymentInformation{
		TransactionURL: d.URL() + "/paymenttransaction/" + d.o.OriginatorID + "/" + d.o.EndPointID + "/" + id, TransactionRedirectURL: d.seite(id),
		TransactionID: id, TransactionTimestamp: d.zeit(), Status: "INITIAL",
	}}}
	d.zahlungen[id], d.anfragen[q.RequestID] = v, id
	d.angelegt[q.RequestID]++
	t := v.t
	d.mu.Unlock()
	d.antworte(w, r, t, s)
}

func (d *Dienst) lesen(w http.ResponseWriter, r *http.Request, s Fehler) {
	id := r.PathValue("t")
	d.mu.Lock()
	if t, ok := d.anfragen[id]; ok && !d.o.OhneAnfrageSuche {
		id = t
	}
	v, ok := d.zahlungen[id]
	var t xbezahldienste.PaymentTransaction
	if ok {
		if st := v.t.PaymentInformation.Status; st == "PAYED" || st == "BOOKED" {
			if v.gelesen++; v.gelesen >= d.o.SpaeteReferenz {
				v.t.PaymentInformation.TransactionReference = "KZ-" + id
			}
		}
		t = v.t
	}
	d.mu.Unlock()
	if !ok {
		problem(w, http.StatusNotFound, xbezahldienste.CodeUnspecified, "")
		return
	}
	d.antworte(w, r, t, s)
}

func (d *Dienst) antworte(w http.ResponseWriter, r *http.Request, t xbezahldienste.PaymentTransaction, s Fehler) {
	switch s {
	case NachAnlageStumm:
		panic(http.ErrAbortHandler)
	case NachAnlageHaengt:
		select {
		case <-r.Context().Done():
		case <-d.ende:
		}
		panic(http.ErrAbortHandler)
	case InternNachAnlage:
		w.WriteHeader(http.StatusInternalServerError)
		return
	case FremdeZahlung:
		t.PaymentRequest.RequestID, t.PaymentInformation.TransactionID = "fremd", "fremd"
	case AndererBetrag:
		b, _ := new(big.Rat).SetString(string(t.PaymentRequest.GrosAmount))
		t.PaymentRequest.GrosAmount = xbezahldienste.Dezimal(b.Add(b, big.NewRat(1, 100)).FloatString(2))
	}
	b, err := json.Marshal(t)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	switch s {
	case KaputtesJSON:
		b = b[:len(b)/2]
	case Riesig:
		b = append(b, strings.Repeat(" ", 4<<20)...)
	}
	_, _ = w.Write(b)
}

var (
	reKennung = regexp.MustCompile(`^[\w-]{1,36}$`)
	rePurpose = regexp.MustCompile(`^[\w\s-]{1,27}$`)
	reText    = regexp.MustCompile(`^[A-Za-zÀ-ſ\d ,.-]*$`)
	reDezimal = regexp.MustCompile(`^\d+(\.\d+)?$`)
)

// pruefe gives the code of the first broken rule, with a way of its own to add decimals.
func (d *Dienst) pruefe(q xbezahldienste.PaymentRequest) string {
	text := func(s string) bool { return utf8.RuneCountInString(s) <= 250 && reText.MatchString(s) }
	if !reKennung.MatchString(q.RequestID) || q.Currency != "EUR" || !rePurpose.MatchString(q.Purpose) || !text(q.Description) ||
		q.RedirectURL == "" || len(q.RedirectURL) > 2082 || len(q.Items) < 1 || len(q.Items) > 99 || !reDezimal.MatchString(string(q.GrosAmount)) {
		return xbezahldienste.CodeValidation
	}
	soll, _ := new(big.Rat).SetString(string(q.GrosAmount))
	if soll.Cmp(big.NewRat(999999, 1)) > 0 {
		return xbezahldienste.CodeValidation
	}
	ist := new(big.Rat)
	for _, i := range q.Items {
		if !reKennung.MatchString(i.ID) || i.Reference == "" || utf8.RuneCountInString(i.Reference) > 36 || !text(i.Description) || i.Quantity < 1 {
			return xbezahldienste.CodeValidation
		}
		for _, x := range []xbezahldienste.Dezimal{i.TotalNetAmount, i.TotalTaxAmount, i.SingleNetAmount, i.SingleTaxAmount, i.TaxRate} {
			if !reDezimal.MatchString(string(x)) {
				return xbezahldienste.CodeValidation
			}
		}
		for _, x := range []xbezahldienste.Dezimal{i.TotalNetAmount, i.TotalTaxAmount} {
			z, _ := new(big.Rat).SetString(string(x))
			ist.Add(ist, z)
		}
		for _, k := range d.o.Pflichtbuchung {
			if i.BookingData[k] == "" {
				return xbezahldienste.CodeBookingDataMissing
			}
		}
	}
	if soll.Cmp(ist) != 0 {
		return xbezahldienste.CodeCalculation
	}
	return ""
}

// bezahlseite is where the payer decides, in a browser.
func (d *Dienst) bezahlseite(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	v, ok := d.zahlungen[r.PathValue("t")]
	var q xbezahldienste.PaymentRequest
	if ok {
		q = v.t.PaymentRequest
		ok = v.t.PaymentInformation.Status == "INITIAL"
	}
	d.mu.Unlock()
	if !ok {
		http.Error(w, "Diese Zahlung ist nicht offen.", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!DOCTYPE html><html lang="de"><title>Bezahlseite (Test)</title><h1>%s</h1><p>%s Euro</p><form method="post">`+
		`<button name="tun" value="PAYED">Bezahlen</button> <button name="tun" value="FAILED">Scheitern lassen</button> <button name="tun" value="CANCELED">Abbrechen</button></form></html>`,
		html.EscapeString(q.Purpose), html.EscapeString(string(q.GrosAmount)))
}

func (d *Dienst) bezahlen(w http.ResponseWriter, r *http.Request) {
	tun := r.PostFormValue("tun")
	d.mu.Lock()
	v, ok := d.zahlungen[r.PathValue("t")]
	ok = ok && v.t.PaymentInformation.Status == "INITIAL" && (tun == "PAYED" || tun == "FAILED" || tun == "CANCELED")
	ziel := ""
	if ok {
		d.setze(v, tun)
		ziel = v.t.PaymentRequest.RedirectURL
	}
	d.mu.Unlock()
	if !ok {
		http.Error(w, "Diese Zahlung ist nicht offen.", http.StatusConflict)
		return
	}
	http.Redirect(w, r, ziel, http.StatusSeeOther)
}
