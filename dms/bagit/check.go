package bagit

import (
	"archive/zip"
	"bufio"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// maxTag bounds one tag file.
const maxTag = 64 << 20

// Check reads a serialised bag and tells whether it is complete and valid by RFC 8493, section 3:
// the declaration, one top folder, each payload file in the manifest and none missing, every checksum
// right, of tag files too, and Payload-Oxum. What is wrong is fehler.Probleme; nil means valid. It
// reads every byte once and holds no file in memory.
func Check(ctx context.Context, r io.ReaderAt, size int64) error {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return fehler.Probleme{problem("", "is no ZIP: "+err.Error())}
	}
	c := &pruefung{files: map[string]*zip.File{}}
	for _, f := range z.File {
		top, rest, ok := strings.Cut(f.Name, "/")
		switch {
		case !ok || rest == "":
			c.add(f.Name, "is no file within the folder of the bag")
		case c.top != "" && top != c.top:
			c.add(f.Name, "is a second top folder")
		case strings.Contains("/"+rest+"/", "/../") || strings.ContainsAny(rest, "\\\x00"):
			c.add(f.Name, "leads out of the bag")
		case c.files[rest] != nil:
			c.add(f.Name, "is there twice")
		default:
			c.top = top
			c.files[rest] = f
		}
	}
	if d := c.tag("bagit.txt"); d != "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n" {
		c.add("bagit.txt", "is not the declaration of BagIt 1.0 in UTF-8")
	}
	if err := c.pruefe(ctx); err != nil {
		return err
	}
	if len(c.p) > 0 {
		return c.p
	}
	return nil
}

type pruefung struct {
	top   string
	files map[string]*zip.File
	p     fehler.Probleme
}

func problem(pfad, was string) fehler.Problem {
	return fehler.Problem{Code: "bagit.ungueltig", Pfad: pfad, Meldung: was, Hinweis: "Das Archivpaket ist unvollständig oder verändert: " + pfad}
}

func (c *pruefung) add(pfad, was string) { c.p = append(c.p, problem(pfad, was)) }

func (c *pruefung) tag(name string) string {
	f := c.files[name]
	if f == nil {
		c.add(name, "is missing")
		return ""
	}
	rc, err := f.Open()
	if err != nil {
		c.add(name, err.Error())
		return ""
	}
	defer rc.Close()
	b, err := io.ReadAll(io.LimitReader(rc, maxTag))
	if err != nil {
		c.add(name, err.Error())
	}
	return string(b)
}

// manifest reads lines of a checksum and a path.
func (c *pruefung) manifest(name string) map[string]string {
	out := map[string]string{}
	s := bufio.NewScanner(strings.NewReader(c.tag(name)))
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		sum, pfad, ok := strings.Cut(s.Text(), " ")
		pfad = strings.TrimLeft(pfad, " \t*")
		switch {
		case !ok || len(sum) != 128 || pfad == "":
			c.add(name, "has a line that is no checksum and path")
		case out[pfad] != "":
			c.add(pfad, "is listed twice in "+name)
		default:
			out[pfad] = strings.ToLower(sum)
		}
	}
	return out
}

func (c *pruefung) pruefe(ctx context.Context) error {
	payload, tags := c.manifest("manifest-sha512.txt"), c.manifest("tagmanifest-sha512.txt")
	var oktette, stroeme int64
	for name := range c.files {
		if strings.HasPrefix(name, "data/") {
			if stroeme++; payload[name] == "" {
				c.add(name, "is not in the manifest")
			}
		} else if name != "tagmanifest-sha512.txt" && tags[name] == "" {
			c.add(name, "is not in the manifest of tag files")
		}
	}
	for _, m := range []map[string]string{payload, tags} {
		for pfad, want := range m {
			if err := ctx.Err(); err != nil {
				return err
			}
			n, sum, err := c.lies(pfad)
			switch {
			case err != nil:
				c.add(pfad, err.Error())
			case sum != want:
				c.add(pfad, "has another checksum")
			}
			if strings.HasPrefix(pfad, "data/") {
				oktette += n
			}
		}
	}
	for name := range payload {
		if !strings.HasPrefix(name, "data/") {
			c.add(name, "is no payload")
		}
	}
	if want := fmt.Sprintf("Payload-Oxum: %d.%d\n", oktette, stroeme); !strings.Contains(c.tag("bag-info.txt"), want) {
		c.add("bag-info.txt", "does not say "+strings.TrimSpace(want))
	}
	return nil
}

func (c *pruefung) lies(pfad string) (int64, string, error) {
	f := c.files[pfad]
	if f == nil {
		return 0, "", fmt.Errorf("is missing")
	}
	rc, err := f.Open()
	if err != nil {
		return 0, "", err
	}
	defer rc.Close()
	h := sha512.New()
	n, err := io.Copy(h, rc)
	return n, hex.EncodeToString(h.Sum(nil)), err
}
