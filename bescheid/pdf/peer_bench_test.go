package pdf_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf"
	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf/html"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
)

// peers print the same documents, given as HTML: LibreOffice all files in one start,
// Chromium one file after the other in one start each, as its command line has it.
type peers struct{ soffice, chromium, pdfinfo, dir string }

func newPeers(b *testing.B) peers {
	return peers{soffice: testenv.Tool(b, "soffice", "libreoffice-writer-nogui"), chromium: testenv.Tool(b, "chromium", "chromium"),
		pdfinfo: testenv.Tool(b, "pdfinfo", "poppler-utils"), dir: b.TempDir()}
}

func (p peers) write(b *testing.B, d pdf.Dokument, n int) (files []string) {
	b.Helper()
	for i := range n {
		var page bytes.Buffer
		require.NoError(b, html.Write(&page, d, nil))
		f := filepath.Join(p.dir, fmt.Sprintf("b%04d.html", i))
		require.NoError(b, os.WriteFile(f, page.Bytes(), 0o600))
		files = append(files, f)
	}
	return files
}

func (p peers) libreoffice(b *testing.B, files []string) time.Duration {
	b.Helper()
	start := time.Now()
	args := append([]string{"-env:UserInstallation=file://" + p.dir + "/profil", "--headless", "--convert-to", "pdf:writer_web_pdf_Export", "--outdir", p.dir}, files...)
	out, err := exec.Command(p.soffice, args...).CombinedOutput()
	require.NoError(b, err, "%s", out)
	return time.Since(start)
}

func (p peers) chrome(b *testing.B, files []string) time.Duration {
	b.Helper()
	start := time.Now()
	for _, f := range files {
		out, err := exec.Command(p.chromium, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+p.dir+"/chrom", "--no-pdf-header-footer",
			"--print-to-pdf="+f+".chrom.pdf", "file://"+f).CombinedOutput()
		require.NoError(b, err, "%s", out)
	}
	return time.Since(start)
}

var seitenZahl = regexp.MustCompile(`Pages: +(\d+)`)

// pages counts the pages of what a peer wrote.
func (p peers) pages(b *testing.B, files []string, name func(string) string) (n int) {
	b.Helper()
	for _, f := range files {
		out, err := exec.Command(p.pdfinfo, name(f)).Output()
		require.NoError(b, err)
		m := seitenZahl.FindSubmatch(out)
		require.NotNil(b, m)
		k, _ := strconv.Atoi(string(m[1]))
		n += k
	}
	return n
}

// BenchmarkPeers sets one Bescheid of 200 pages, and many of one page, side by side with
// two programs that can do it. The figure is how often we set a page in the time of one of
// theirs.
func BenchmarkPeers(b *testing.B) {
	for _, fall := range []struct {
		name    string
		d       pdf.Dokument
		n, peer int // documents of ours and of theirs
	}{{"200pages", handbuch(880), 5, 1}, {"onepage", kurzbrief(3), 2000, 20}} {
		b.Run(fall.name, func(b *testing.B) {
			p, r := newPeers(b), renderer(b, nil)
			var own, office, chrome float64 // seconds for a page
			var umfang int
			for b.Loop() {
				start, seiten := time.Now(), 0
				for range fall.n {
					bericht, err := r.Write(io.Discard, fall.d)
					require.NoError(b, err)
					seiten += bericht.Seiten
					umfang = bericht.Seiten
				}
				own += time.Since(start).Seconds() / float64(seiten)
				b.StopTimer()
				files := p.write(b, fall.d, fall.peer)
				t := p.libreoffice(b, files)
				office += t.Seconds() / float64(p.pages(b, files, func(f string) string { return f[:len(f)-len("html")] + "pdf" }))
				t = p.chrome(b, files)
				chrome += t.Seconds() / float64(p.pages(b, files, func(f string) string { return f + ".chrom.pdf" }))
				b.StartTimer()
			}
			b.ReportMetric(float64(umfang), "pages")
			b.ReportMetric(float64(b.N)/own, "pages/s")
			b.ReportMetric(office/own, "x-libreoffice")
			b.ReportMetric(chrome/own, "x-chromium")
		})
	}
}

// BenchmarkFlat sets many letters (FACHWERK_BRIEFE, default 1,000); what the process holds
// after the first tenth it holds after all.
func BenchmarkFlat(b *testing.B) {
	n, err := strconv.Atoi(os.Getenv("FACHWERK_BRIEFE"))
	if err != nil || n < 10 {
		n = 1000
	}
	r := renderer(b, nil)
	d := kurzbrief(3)
	heap := func() float64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	var early, late float64
	for b.Loop() {
		for i := range n {
			if i == n/10 {
				early = heap()
			}
			if _, err := r.Write(io.Discard, d); err != nil {
				b.Fatal(err)
			}
		}
		late = heap()
	}
	b.ReportMetric(late/early, "x-heap")
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "letters/s")
}
