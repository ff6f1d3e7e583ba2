package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
)

//go:embed testdata/axe-core/axe.min.js
var axe string

// browser is a real Chromium in which one person works.
type browser struct {
	t   *testing.T
	ctx context.Context
	dir string
	url string
}

// newBrowser starts a Chromium; each call of neu is a person of its own in it.
func newBrowser(t *testing.T, h *pruefhaus) *browser {
	t.Helper()
	chromium := testenv.Tool(t, "chromium", "chromium")
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox,
		chromedp.WindowSize(1280, 900), chromedp.Flag("lang", "de"), chromedp.Flag("force-prefers-reduced-motion", true))...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &browser{t: t, ctx: ctx, dir: t.ArtifactDir(), url: h.url}
	if d := os.Getenv("RATHAUS_BILDER"); d != "" {
		b.dir = d
	}
	b.beginne()
	return b
}

// neu is another person: cookies of its own.
func (b *browser) neu() *browser {
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	b.t.Cleanup(cancel)
	n := &browser{b.t, ctx, b.dir, b.url}
	n.beginne()
	return n
}

// beginne makes the tab, which lives as long as the context.
func (b *browser) beginne() {
	b.t.Helper()
	_, err := chromedp.Run(b.ctx, chromedp.EmulateViewport(1280, 900))
	require.NoError(b.t, err)
}

func (b *browser) tu(a ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, geduld)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Steps(a...)); err != nil {
		b.scheitere(err.Error())
	}
}

func (b *browser) scheitere(warum string) {
	b.t.Helper()
	text, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string](`location.pathname + '\n' + (document.querySelector('main') || document.body).innerText.slice(0, 900)`))
	b.bild("fehler-" + strings.ReplaceAll(b.t.Name(), "/", "-"))
	b.t.Fatalf("%s; the page says: %s", warum, text)
}

// js runs a script and gives what it gives.
func js[T any](b *browser, script string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, geduld)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		b.scheitere(err.Error())
	}
	return v
}

// geduld is how long a test waits before it gives up: on a busy machine a page takes its time.
const geduld = time.Minute

// bis waits until the script gives true, across pages.
func (b *browser) bis(was, script string) {
	b.t.Helper()
	for ende := time.Now().Add(geduld); time.Now().Before(ende); {
		ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](script))
		cancel()
		if err == nil && ok {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.scheitere("waited in vain: " + was)
}

func (b *browser) geh(path string) {
	b.t.Helper()
	b.tu(chromedp.Navigate(b.url + path))
}

func (b *browser) anmelden(id string) {
	b.t.Helper()
	b.geh("/anmelden")
	b.tu(chromedp.Click(`button[value="` + id + `"]`))
	b.bis("login", `!!document.querySelector(".person")`)
}

// knopf presses a button by its words and waits for the next page.
func (b *browser) knopf(text string) {
	b.t.Helper()
	b.druecke(text)
	b.bereit()
}

func (b *browser) druecke(text string) {
	b.t.Helper()
	da := js[bool](b, fmt.Sprintf(`(() => {
		const k = [...document.querySelectorAll('button, a.knopf')].find((e) => e.textContent.trim().startsWith(%q));
		if (!k) return false;
		for (let d = k.closest('details'); d; d = d.parentElement.closest('details')) d.open = true;
		window.alteSeite = true;
		k.click();
		return true;
	})()`, text))
	if !da {
		b.scheitere("there is no button " + text)
	}
}

// bereit waits until the page after a form is there.
func (b *browser) bereit() {
	b.t.Helper()
	b.bis("the next page", `!window.alteSeite && document.readyState === 'complete'`)
}

// schreibe fills in a field, wherever it is hidden.
func (b *browser) schreibe(sel, wert string) {
	b.t.Helper()
	da := js[bool](b, fmt.Sprintf(`(() => { const f = document.querySelector(%q); if (!f) return false;
		for (let d = f.closest('details'); d; d = d.parentElement.closest('details')) d.open = true;
		f.value = %q; f.dispatchEvent(new Event('input', {bubbles: true})); f.dispatchEvent(new Event('change', {bubbles: true})); return true; })()`, sel, wert))
	require.True(b.t, da, "there is no field %s", sel)
}

func (b *browser) text(sel string) string {
	b.t.Helper()
	return strings.TrimSpace(js[string](b, fmt.Sprintf(`(document.querySelector(%q) || {}).textContent || ''`, sel)))
}

// erscheint waits until the page shows the text by itself.
func (b *browser) erscheint(text string) {
	b.t.Helper()
	b.bis(text, fmt.Sprintf(`document.body.innerText.includes(%q)`, text))
}

// verstoss is what axe-core found.
type verstoss struct {
	ID, Help string
	Nodes    []struct{ HTML, FailureSummary string }
}

// pruefe asks axe-core about the page and keeps pictures of it, wide and as on a phone.
func (b *browser) pruefe(name string) {
	b.t.Helper()
	assert.Empty(b.t, b.axe(), "axe-core on %s", name)
	b.bild(name)
	b.tu(chromedp.EmulateViewport(360, 740))
	breit := js[int](b, `document.documentElement.scrollWidth`)
	b.bild(name + "-360")
	assert.LessOrEqual(b.t, breit, 360, "%s must be scrolled sideways on a phone", name)
	assert.Empty(b.t, b.axe(), "axe-core on %s at 360 px", name)
	b.tu(chromedp.EmulateViewport(1280, 900))
}

func (b *browser) axe() (out []string) {
	b.t.Helper()
	js[int](b, axe+";0")
	roh := js[string](b, `axe.run({iframes: false}).then((r) => JSON.stringify(r.violations))`)
	var v []verstoss
	require.NoError(b.t, json.Unmarshal([]byte(roh), &v))
	for _, x := range v {
		for _, n := range x.Nodes {
			out = append(out, x.ID+": "+x.Help+": "+n.HTML+" "+n.FailureSummary)
		}
	}
	return out
}

func (b *browser) bild(name string) {
	ctx, cancel := context.WithTimeout(b.ctx, geduld)
	defer cancel()
	if png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100)); err == nil {
		_ = os.MkdirAll(b.dir, 0o755)
		_ = os.WriteFile(filepath.Join(b.dir, name+".png"), png, 0o600)
	}
}
