package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// Seiten are the templates of a part of the house, each page with the frame around it.
type Seiten struct{ m map[string]*template.Template }

// Load reads the folder: "rahmen.html" is the frame, files that begin with "_" are parts
// that all pages may use, the others are pages.
func Load(files fs.FS, dir string, funktionen template.FuncMap) (*Seiten, error) {
	namen, err := fs.Glob(files, path.Join(dir, "*.html"))
	if err != nil {
		return nil, err
	}
	var rahmen, seiten []string
	for _, n := range namen {
		if b := path.Base(n); b == "rahmen.html" || strings.HasPrefix(b, "_") {
			rahmen = append(rahmen, n)
		} else {
			seiten = append(seiten, n)
		}
	}
	s := &Seiten{m: map[string]*template.Template{}}
	for _, n := range seiten {
		t, err := template.New("rahmen.html").Funcs(funktionen).ParseFS(files, append(rahmen[:len(rahmen):len(rahmen)], n)...)
		if err != nil {
			return nil, err
		}
		s.m[strings.TrimSuffix(path.Base(n), ".html")] = t
	}
	return s, nil
}

// Write writes a page. It is made whole before the first byte is sent, so that an error
// in a template gives no half page.
func (s *Seiten) Write(w http.ResponseWriter, status int, seite string, daten any) error {
	var b bytes.Buffer
	if err := s.m[seite].Execute(&b, daten); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, err := b.WriteTo(w)
	return err
}

// Statisch serves script and style. Their address carries a hash of the content
// ([Abdruck]), so that browsers may keep them.
func Statisch(files fs.FS, prefix, dir string) http.Handler {
	unter, err := fs.Sub(files, dir)
	if err != nil {
		panic(err) // the name is a constant of the program
	}
	h := http.StripPrefix(prefix, http.FileServerFS(unter))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/") {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		h.ServeHTTP(w, r)
	})
}

// Abdruck is the beginning of the hash of a file.
func Abdruck(files fs.FS, name string) string {
	b, _ := fs.ReadFile(files, name)
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:6])
}
