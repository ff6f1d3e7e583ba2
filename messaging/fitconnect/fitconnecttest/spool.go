package fitconnecttest

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
)

// kept is an attachment as it was uploaded: its text, or the file with it.
type kept struct{ text, path, tag string }

func (z *Zustelldienst) keep(j *fitconnect.JWE, submissionID, id string) (kept, error) {
	k := kept{text: j.String(), tag: strings.Clone(j.Tag())}
	if z.opt.Spool == "" {
		return k, nil
	}
	// Both ids are UUIDs: the one made here, the other checked when it was announced.
	k.path = filepath.Join(z.opt.Spool, submissionID+"."+id)
	k.text = ""
	return k, os.WriteFile(k.path, []byte(j.String()), 0o600)
}

func (k kept) read() (string, error) {
	if k.path == "" {
		return k.text, nil
	}
	b, err := os.ReadFile(k.path)
	return string(b), err
}
