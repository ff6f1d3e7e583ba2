package sqltx

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Migration is one numbered SQL file.
type Migration struct {
	Nummer int64
	Name   string
	SQL    string
	// Summe is the SHA-256 of the file in hex.
	Summe string
}

// LoadMigrations reads "00001_name.sql" files of a folder, ordered by number.
func LoadMigrations(files fs.FS, dir string) ([]Migration, error) {
	names, err := fs.Glob(files, path.Join(dir, "*.sql"))
	if err != nil {
		return nil, err
	}
	var out []Migration
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		number, _, _ := strings.Cut(path.Base(name), "_")
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("migration %s: name does not begin with a number", name)
		}
		sum := sha256.Sum256(text)
		out = append(out, Migration{n, path.Base(name), string(text), hex.EncodeToString(sum[:])})
	}
	slices.SortFunc(out, func(a, b Migration) int { return cmp.Compare(a.Nummer, b.Nummer) })
	for i := range out {
		if out[i].Nummer != int64(i)+1 {
			return nil, fmt.Errorf("migration %s: numbers have a gap or repeat", out[i].Name)
		}
	}
	return out, nil
}

// Pending compares the files with table "migration" and gives the ones to run.
// A file that changed after it ran, and a database newer than the program, are
// errors.
func Pending(ctx context.Context, c Conn, all []Migration) ([]Migration, error) {
	done := map[int64]string{}
	err := Query(ctx, c, func(r Rows) error {
		var n int64
		var sum string
		if err := r.Scan(&n, &sum); err != nil {
			return err
		}
		done[n] = sum
		return nil
	}, "SELECT nummer, summe FROM migration ORDER BY nummer")
	if err != nil {
		return nil, err
	}
	var out []Migration
	for _, m := range all {
		sum, ok := done[m.Nummer]
		switch {
		case !ok:
			out = append(out, m)
		case sum != m.Summe:
			return nil, fmt.Errorf("migration %s changed after it ran: checksum %.12s, recorded %.12s", m.Name, m.Summe, sum)
		case len(out) > 0:
			return nil, fmt.Errorf("migration %s ran before %s", m.Name, out[0].Name)
		}
	}
	if len(done) > len(all) {
		return nil, fmt.Errorf("the database has %d migrations, this program knows %d: it is older than the database", len(done), len(all))
	}
	return out, nil
}
