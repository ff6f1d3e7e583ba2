package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// punkt is one figure with its floor, in microseconds.
type punkt struct {
	backend, fall string
	zeilen        int
	zeit, boden   float64
}

// fall is a panel of the chart.
type fall struct{ name, titel, zusatz string }

// faelle in the order of the chart.
var faelle = []fall{
	{"create", "Vorgang anlegen", "dauerhaft, mit Journal und Auftrag"},
	{"edit", "Vorgang bearbeiten", "laden, Notiz, speichern"},
	{"claim_p95", "Vom Stapel ziehen", "8 gleichzeitig, 95. Perzentil"},
	{"lease", "Aufträge leihen", "10 aus allen offenen"},
	{"page_1", "Erste Listenseite", "50 Zeilen, neueste zuerst"},
	{"page_1000", "Listenseite 1000", "10 Zeilen"},
	{"search", "Suche nach Namensanfang", "50 Treffer"},
	{"import", "Massenübernahme", "Zeit je Vorgang"},
}

// backends in the order of the legend, with their colours and forms.
var backends = []struct {
	name, titel, farbe string
	eckig              bool
}{
	{"sqlite", "SQLite", "#0b6e4f", false},
	{"postgres", "PostgreSQL", "#1d4e9e", true},
}

func lesen(r io.Reader) ([]punkt, error) {
	var out []punkt
	s := bufio.NewScanner(r)
	for s.Scan() {
		f := strings.Split(strings.TrimSpace(s.Text()), ",")
		known := slices.ContainsFunc(faelle, func(k fall) bool { return len(f) == 5 && k.name == f[1] })
		if !known {
			continue
		}
		p := punkt{backend: f[0], fall: f[1]}
		var errs [3]error
		p.zeilen, errs[0] = strconv.Atoi(f[2])
		p.zeit, errs[1] = strconv.ParseFloat(f[3], 64)
		p.boden, errs[2] = strconv.ParseFloat(f[4], 64)
		if err := errors.Join(errs[:]...); err != nil || p.zeilen <= 0 || !(p.zeit >= 0 && p.zeit < 1e12) || !(p.boden >= 0 && p.boden < 1e12) {
			return nil, fmt.Errorf("line %q cannot be read", s.Text())
		}
		out = append(out, p)
	}
	if err := s.Err(); err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, errors.New("there are no figures")
	}
	slices.SortStableFunc(out, func(a, b punkt) int {
		return cmp.Or(strings.Compare(a.fall, b.fall), strings.Compare(a.backend, b.backend), cmp.Compare(a.zeilen, b.zeilen))
	})
	return out, nil
}
