package verzeichnis_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/dms/dmstest"
	"github.com/ozg-fachwerk/fachwerk/dms/verzeichnis"
	"github.com/ozg-fachwerk/fachwerk/dms/xdomea"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func setup(t *testing.T, change func(*verzeichnis.Options)) (*verzeichnis.Ziel, verzeichnis.Options) {
	t.Helper()
	o := verzeichnis.Options{Name: "registratur", Kodierer: xdomea.New(xdomea.V310(), nil),
		Ausgang: t.TempDir(), Belege: t.TempDir(), Eingang: t.TempDir(), Erledigt: t.TempDir()}
	if change != nil {
		change(&o)
	}
	z, err := verzeichnis.New(o)
	require.NoError(t, err)
	t.Cleanup(func() { z.Close() })
	return z, o
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	require.NoError(t, err)
	out := []string{}
	for _, e := range list {
		out = append(out, e.Name())
	}
	return out
}

func TestOptions(t *testing.T) {
	a, b, c, d := t.TempDir(), t.TempDir(), t.TempDir(), t.TempDir()
	k := xdomea.New(xdomea.V310(), nil)
	for name, o := range map[string]verzeichnis.Options{
		"nothing":           {},
		"no name":           {Kodierer: k, Ausgang: a, Belege: b},
		"no Kodierer":       {Name: "x", Ausgang: a, Belege: b},
		"Eingang alone":     {Name: "x", Kodierer: k, Ausgang: a, Belege: b, Eingang: c},
		"one for two":       {Name: "x", Kodierer: k, Ausgang: a, Belege: a},
		"one for two again": {Name: "x", Kodierer: k, Ausgang: a, Belege: b, Eingang: c, Erledigt: filepath.Join(c, ".")},
	} {
		_, err := verzeichnis.New(o)
		require.ErrorIs(t, err, fehler.ErrInvalid, name)
	}
	_, err := verzeichnis.New(verzeichnis.Options{Name: "x", Kodierer: k, Ausgang: filepath.Join(d, "missing"), Belege: b})
	require.ErrorIs(t, err, fehler.ErrUnavailable)
	z, err := verzeichnis.New(verzeichnis.Options{Name: "x", Kodierer: k, Ausgang: a, Belege: b})
	require.NoError(t, err)
	for _, err := range z.Answers(t.Context()) {
		require.ErrorIs(t, err, fehler.ErrUnsupported)
	}
	require.ErrorIs(t, z.Ack(t.Context(), "x"), fehler.ErrUnsupported)
	require.NoError(t, z.Close())
}

func TestNothingButTheContainerIsLeft(t *testing.T) {
	z, o := setup(t, nil)
	s, err := z.Send(t.Context(), dmstest.Reich("a"))
	require.NoError(t, err)
	require.Equal(t, []string{s.Name}, names(t, o.Ausgang))
	require.Len(t, names(t, o.Belege), 1)
	p := dmstest.Reich("b")
	for d := range p.Dateien() {
		d.SHA512 = strings.Repeat("0", 128)
	}
	_, err = z.Send(t.Context(), p)
	require.Error(t, err)
	require.Equal(t, []string{s.Name}, names(t, o.Ausgang), "no rest of the failed one, hidden or not")
	require.Len(t, names(t, o.Belege), 1)
}

// A crash at any point between the steps ends in exactly one delivery.
func TestCrash(t *testing.T) {
	p := dmstest.Reich("crash")
	key := p.ProzessID
	hidden := "." + key + ".part"
	// states builds what a crash leaves behind, from a complete Send.
	for name, c := range map[string]struct {
		leave func(t *testing.T, o verzeichnis.Options, s dms.Sendeschein)
		again bool // the first Send had delivered
	}{
		"while writing the hidden file": {func(t *testing.T, o verzeichnis.Options, s dms.Sendeschein) {
			require.NoError(t, os.Remove(filepath.Join(o.Ausgang, s.Name)))
			require.NoError(t, os.Remove(filepath.Join(o.Belege, key+".json")))
			require.NoError(t, os.WriteFile(filepath.Join(o.Ausgang, hidden), []byte("PK half"), 0o600))
		}, false},
		"before the rename": {func(t *testing.T, o verzeichnis.Options, s dms.Sendeschein) {
			unfinished(t, o, key)
			require.NoError(t, os.Rename(filepath.Join(o.Ausgang, s.Name), filepath.Join(o.Ausgang, hidden)))
		}, false},
		"after the rename": {func(t *testing.T, o verzeichnis.Options, s dms.Sendeschein) {
			unfinished(t, o, key)
		}, true},
		"after the rename, and the receiver took it": {func(t *testing.T, o verzeichnis.Options, s dms.Sendeschein) {
			unfinished(t, o, key)
			require.NoError(t, os.Remove(filepath.Join(o.Ausgang, s.Name)))
		}, true},
		"while writing the receipt": {func(t *testing.T, o verzeichnis.Options, s dms.Sendeschein) {
			require.NoError(t, os.WriteFile(filepath.Join(o.Belege, "."+key+".tmp"), []byte("{"), 0o600))
			unfinished(t, o, key)
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			z, o := setup(t, nil)
			one, err := z.Send(t.Context(), p)
			require.NoError(t, err)
			c.leave(t, o, one)
			taken := len(names(t, o.Ausgang)) == 0
			two, err := z.Send(t.Context(), p)
			require.NoError(t, err)
			require.Equal(t, c.again, two.Wiederholt)
			require.Equal(t, one.SHA512, two.SHA512)
			if taken {
				require.Empty(t, names(t, o.Ausgang))
			} else {
				require.Equal(t, []string{one.Name}, names(t, o.Ausgang))
			}
			three, err := z.Send(t.Context(), p)
			require.NoError(t, err)
			require.True(t, three.Wiederholt)
		})
	}
}

// unfinished sets the receipt back to the state before the rename was noted.
func unfinished(t *testing.T, o verzeichnis.Options, key string) {
	path := filepath.Join(o.Belege, key+".json")
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(data), `"fertig":true`)
	require.NoError(t, os.WriteFile(path, bytes.Replace(data, []byte(`"fertig":true`), []byte(`"fertig":false`), 1), 0o600))
}

func TestNeverOverwritesOrTrusts(t *testing.T) {
	p := dmstest.Minimal("foreign")
	t.Run("a foreign file of the same name", func(t *testing.T) {
		z, o := setup(t, nil)
		name, err := o.Kodierer.ContainerName(p)
		require.NoError(t, err)
		path := filepath.Join(o.Ausgang, name)
		require.NoError(t, os.WriteFile(path, []byte("mine"), 0o600))
		_, err = z.Send(t.Context(), p)
		require.ErrorIs(t, err, fehler.ErrConflict)
		data, _ := os.ReadFile(path)
		require.Equal(t, "mine", string(data))
	})
	t.Run("a link under the hidden name", func(t *testing.T) {
		z, o := setup(t, nil)
		victim := filepath.Join(t.TempDir(), "victim")
		require.NoError(t, os.WriteFile(victim, []byte("mine"), 0o600))
		require.NoError(t, os.Symlink(victim, filepath.Join(o.Ausgang, "."+p.ProzessID+".part")))
		_, err := z.Send(t.Context(), p)
		require.NoError(t, err, "the link is removed, not followed")
		data, _ := os.ReadFile(victim)
		require.Equal(t, "mine", string(data))
	})
	t.Run("a damaged receipt", func(t *testing.T) {
		for _, data := range []string{"", "{", `{"fertig":true,"schein":{"name":"../x"}}`} {
			z, o := setup(t, nil)
			require.NoError(t, os.WriteFile(filepath.Join(o.Belege, p.ProzessID+".json"), []byte(data), 0o600))
			_, err := z.Send(t.Context(), p)
			require.ErrorIs(t, err, fehler.ErrConflict)
			require.Empty(t, names(t, o.Ausgang))
		}
	})
	t.Run("too large for the receiver", func(t *testing.T) {
		z, o := setup(t, func(o *verzeichnis.Options) { o.MaxContainer = 500 })
		_, err := z.Send(t.Context(), p)
		require.ErrorIs(t, err, fehler.ErrInvalid)
		require.Empty(t, names(t, o.Ausgang))
	})
	t.Run("the directory is gone", func(t *testing.T) {
		z, o := setup(t, nil)
		require.NoError(t, os.RemoveAll(o.Ausgang))
		_, err := z.Send(t.Context(), p)
		require.ErrorIs(t, err, fehler.ErrUnavailable)
	})
}

func TestAnswersFromAHostileDirectory(t *testing.T) {
	now := time.Now()
	z, o := setup(t, func(o *verzeichnis.Options) { o.MaxAntwort = 1000; o.Now = func() time.Time { return now } })
	put := func(name string, data []byte) {
		require.NoError(t, os.WriteFile(filepath.Join(o.Eingang, name), data, 0o600))
	}
	secret := filepath.Join(t.TempDir(), "secret.xml")
	require.NoError(t, os.WriteFile(secret, []byte("<secret/>"), 0o600))
	require.NoError(t, os.Symlink(secret, filepath.Join(o.Eingang, "link_0402.xml")))
	require.NoError(t, os.Mkdir(filepath.Join(o.Eingang, "folder_0402.xml"), 0o700))
	put("large_0402.xml", make([]byte, 1001))
	put(".hidden_0402.xml", []byte("x"))
	put("other.xml", []byte("x"))
	put("notes.txt", []byte("x"))
	seen := map[string]error{}
	for a, err := range z.Answers(t.Context()) {
		require.ErrorIs(t, err, fehler.ErrInvalid)
		require.NotContains(t, err.Error(), "secret")
		seen[a.Kennung] = err
	}
	require.Len(t, seen, 3)
	for name := range seen {
		require.NoError(t, z.Ack(t.Context(), name))
	}
	for range z.Answers(t.Context()) {
		t.Fatal("all are acknowledged")
	}
	fi, err := os.Lstat(filepath.Join(o.Erledigt, "link_0402.xml"))
	require.NoError(t, err)
	require.Equal(t, fs.ModeSymlink, fi.Mode().Type(), "the link was moved, not its target")
	require.FileExists(t, secret)
	require.ElementsMatch(t, []string{".hidden_0402.xml", "other.xml", "notes.txt"}, names(t, o.Eingang))
}

func TestAckNeverOverwrites(t *testing.T) {
	z, o := setup(t, nil)
	for i := range 3 {
		require.NoError(t, os.WriteFile(filepath.Join(o.Eingang, "a_0402.xml"), []byte{byte('0' + i)}, 0o600))
		require.NoError(t, z.Ack(t.Context(), "a_0402.xml"))
	}
	require.NoError(t, z.Ack(t.Context(), "a_0402.xml"))
	require.ElementsMatch(t, []string{"a_0402.xml", "1_a_0402.xml", "2_a_0402.xml"}, names(t, o.Erledigt))
}

func TestSettleAndLimit(t *testing.T) {
	now := time.Now().Add(10 * time.Second)
	z, o := setup(t, func(o *verzeichnis.Options) {
		o.Settle, o.MaxAntworten = time.Minute, 2
		o.Now = func() time.Time { return now }
	})
	for _, n := range []string{"1_0403.xml", "2_0403.xml", "3_0403.xml"} {
		require.NoError(t, os.WriteFile(filepath.Join(o.Eingang, n), []byte("x"), 0o600))
	}
	count := func() (n int) {
		for range z.Answers(t.Context()) {
			n++
		}
		return n
	}
	require.Zero(t, count(), "still being written")
	now = now.Add(time.Minute)
	require.Equal(t, 2, count(), "the rest waits for the next pass")
}

// A Kodierer from outside must not choose a name that leaves the directory.
type badName struct{ dms.Kodierer }

func (badName) ContainerName(*dms.Paket) (string, error) { return "../x.zip", nil }

func TestUnsafeContainerName(t *testing.T) {
	z, _ := setup(t, func(o *verzeichnis.Options) { o.Kodierer = badName{o.Kodierer} })
	_, err := z.Send(t.Context(), dmstest.Minimal("n"))
	require.ErrorIs(t, err, fehler.ErrInvalid)
}

// What lands on disk is what a reader of containers accepts.
func TestContainerOnDisk(t *testing.T) {
	z, o := setup(t, nil)
	s, err := z.Send(t.Context(), dmstest.Reich("disk"))
	require.NoError(t, err)
	f, err := os.Open(filepath.Join(o.Ausgang, s.Name))
	require.NoError(t, err)
	defer f.Close()
	c, err := xdomea.New(xdomea.V310(), nil).ReadContainer(t.Context(), f, s.Groesse)
	require.NoError(t, err)
	for d := range c.Paket.Dateien() {
		rc, err := d.Open(t.Context())
		require.NoError(t, err)
		n, err := io.Copy(io.Discard, rc)
		require.NoError(t, errors.Join(err, rc.Close()))
		require.Equal(t, d.Groesse, n)
	}
}
