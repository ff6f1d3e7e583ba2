package fitconnect_test

import (
	"bytes"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/fim"
	eingang "github.com/ozg-fachwerk/fachwerk/intake/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/sqlite"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// kindEnv holds the auftrag of the process that receives.
const kindEnv = "FACHWERK_GROSS_KIND"

// auftrag is what the receiving process is told, and bericht what it answers.
type auftrag struct {
	Endpoints     fitconnect.Endpoints
	Credentials   fitconnect.Credentials
	DestinationID string
	Ordner        string
	Groesse       int64
	// Ganz receives with Fetch instead: the control.
	Ganz bool
}

type bericht struct {
	Grundlast, Spitze int64 // bytes of resident memory, before and at most
	Ausgang           intake.Ausgang
	SHA512            string
	Dauer             time.Duration
}

// maxZuwachs is what a receiving process may take more than it had before.
const maxZuwachs = 64 << 20

// An attachment of any size passes in bounded memory, measured as the resident memory of
// a process of its own. The short form takes 256 MB; FACHWERK_GROSS=2147483648 the long one.
func TestLargeAttachmentResidentMemory(t *testing.T) {
	if _, _, err := testenv.Speicher(); err != nil {
		testenv.LeaveOut(t, err.Error())
	}
	size := testenv.Gross(256 << 20)
	if testing.Short() {
		size = 64 << 20
	}
	a, want := grosseSendung(t, size)
	b := receiveElsewhere(t, a)
	t.Logf("%d MB in fragments of 8 MiB: %.1f MB above %.1f MB, %s", size>>20, mb(b.Spitze-b.Grundlast), mb(b.Grundlast), b.Dauer.Round(10*time.Millisecond))
	require.Equal(t, intake.Angenommen, b.Ausgang)
	require.Equal(t, want, b.SHA512)
	require.Less(t, b.Spitze-b.Grundlast, int64(maxZuwachs))
}

// The control: what holds the attachment is seen.
func TestLargeAttachmentResidentMemoryControl(t *testing.T) {
	if _, _, err := testenv.Speicher(); err != nil {
		testenv.LeaveOut(t, err.Error())
	}
	a, _ := grosseSendung(t, 2*maxZuwachs)
	a.Ganz = true
	b := receiveElsewhere(t, a)
	require.Greater(t, b.Spitze-b.Grundlast, int64(maxZuwachs))
}

func mb(n int64) float64 { return float64(n) / (1 << 20) }

// grosseSendung sends an attachment of size bytes in fragments to a double that keeps
// them on the disk, and gives its hash.
func grosseSendung(t *testing.T, size int64) (auftrag, string) {
	t.Helper()
	dienst := fitconnecttest.New(t, &fitconnecttest.Options{Spool: t.TempDir()})
	punkt, err := dienst.AddDestination(fitconnecttest.DestinationParams{
		Services: []fitconnect.DestinationService{{Identifier: leistung.URN(), Regions: []string{"DE000000000000"},
			SubmissionSchemas: []fitconnect.SchemaRef{{SchemaURI: schemaURI, MIMEType: fitconnect.MIMEJSON}}}}})
	require.NoError(t, err)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	c, err := fitconnect.NewClient(dienst.Endpoints(), dienst.AddClient(fitconnect.ScopeSend), &fitconnect.ClientOptions{HTTP: &http.Client{Transport: transport}})
	require.NoError(t, err)
	dest, err := c.Destination(t.Context(), punkt.ID)
	require.NoError(t, err)
	key, err := c.DestinationKey(t.Context(), punkt.ID, dest.EncryptionKid)
	require.NoError(t, err)
	encrypt := func(cty string, b []byte) *fitconnect.JWE {
		j, err := fitconnect.Encrypt(fitconnect.EncryptParams{Key: key, Cty: cty, Plaintext: b})
		require.NoError(t, err)
		return j
	}

	const fragment = 8 << 20
	var ids []string
	for range (size + fragment - 1) / fragment {
		ids = append(ids, uuid.NewString())
	}
	ref, err := c.CreateSubmission(t.Context(), fitconnect.NewSubmission{DestinationID: punkt.ID, AnnouncedAttachments: ids,
		PublicService: fitconnect.PublicService{Identifier: leistung.URN()}, Region: region})
	require.NoError(t, err)
	hash, plain := sha512.New(), text(fragment, 7)
	for i, id := range ids {
		piece := plain[:min(int64(fragment), size-int64(i)*fragment)]
		copy(piece, id) // no two are the same
		hash.Write(piece)
		require.NoError(t, c.UploadAttachment(t.Context(), ref.SubmissionID, id, encrypt("text/plain", piece)))
	}
	sum := hex.EncodeToString(hash.Sum(nil))
	data := []byte(`{"F60000227":"Groß"}`)
	m, err := json.Marshal(fitconnect.Metadata{Schema: fitconnect.MetadataSchema210, ContentStructure: fitconnect.ContentStructure{
		Data: &fitconnect.DataDescription{Hash: fitconnect.HashOf(data), SubmissionSchema: fitconnect.SchemaRef{SchemaURI: schemaURI, MIMEType: fitconnect.MIMEJSON}},
		Attachments: []fitconnect.MetadataAttachment{{AttachmentID: uuid.NewString(), Purpose: fitconnect.PurposeAttachment, MIMEType: "text/plain",
			Filename: "Plan.txt", Hash: fitconnect.Hash{Type: "sha512", Content: sum}, Fragments: ids}}}})
	require.NoError(t, err)
	require.NoError(t, c.SubmitSubmission(t.Context(), ref.SubmissionID, encrypt(fitconnect.MIMEJSON, m), encrypt(fitconnect.MIMEJSON, data)))
	return auftrag{Endpoints: dienst.Endpoints(), Credentials: punkt.Credentials, DestinationID: punkt.ID, Ordner: t.TempDir(), Groesse: size}, sum
}

// receiveElsewhere receives in a process of its own: this test binary.
func receiveElsewhere(t *testing.T, a auftrag) bericht {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	arg, err := json.Marshal(a)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestReceiveElsewhere$", "-test.timeout=30m")
	cmd.Env = append(os.Environ(), kindEnv+"="+string(arg))
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	require.NoError(t, cmd.Run(), said.String())
	raw, err := os.ReadFile(filepath.Join(a.Ordner, "bericht.json"))
	require.NoError(t, err)
	var b bericht
	require.NoError(t, json.Unmarshal(raw, &b))
	return b
}

// TestReceiveElsewhere is that process; alone it does nothing.
func TestReceiveElsewhere(t *testing.T) {
	arg := os.Getenv(kindEnv)
	if arg == "" {
		return
	}
	var a auftrag
	require.NoError(t, json.Unmarshal([]byte(arg), &a))
	c, err := fitconnect.NewClient(a.Endpoints, a.Credentials, nil)
	require.NoError(t, err)
	enc, err := fitconnecttest.TestKey(fitconnecttest.KeyEncryption1)
	require.NoError(t, err)
	sig, err := fitconnecttest.TestKey(fitconnecttest.KeySigning1)
	require.NoError(t, err)
	ring, err := fitconnect.NewKeyring(enc.Decryption())
	require.NoError(t, err)
	sub, err := fitconnect.NewSubscriber(fitconnect.SubscriberParams{Client: c, DestinationID: a.DestinationID, Keys: ring, Signing: sig.Signing()}, nil)
	require.NoError(t, err)
	store, err := sqlite.Open(t.Context(), filepath.Join(a.Ordner, "test.db"), nil)
	require.NoError(t, err)
	defer store.Close()
	blobs, err := blob.OpenDir(filepath.Join(a.Ordner, "blobs"), &blob.Options{Limit: 2 * a.Groesse})
	require.NoError(t, err)
	defer blobs.Close()
	verzeichnis, err := tenant.NewVerzeichnis(
		tenant.Mandant{ID: betreiber, Name: "Poststelle", Land: tenant.LandHE, ARS: "064350014014"},
		tenant.Mandant{ID: amt, Name: "Stadt Hanau", Land: tenant.LandHE, ARS: "064350014014", Vorgangsnummer: "HU-{jahr}-{nummer:5}",
			Einheiten: []tenant.Organisationseinheit{{ID: "buergerbuero", Name: "Bürgerbüro"}}})
	require.NoError(t, err)
	router, err := tenant.NewZustaendigkeiten([]tenant.Zustaendigkeit{{Leistung: leistung, Gebiet: "06435", Mandant: amt, Einheit: "buergerbuero"}})
	require.NoError(t, err)
	parser, err := fim.New(fim.Formular{Schema: schemaURI, JSONSchema: []byte(jsonSchema), Antragsteller: fim.Zeiger{Nachname: "/F60000227"}})
	require.NoError(t, err)
	annahme, err := intake.New(intake.Params{Store: store, Blobs: blobs, Mandanten: verzeichnis, Router: router, Parser: []intake.Parser{parser}, Betreiber: betreiber},
		&intake.Options{Limits: intake.Limits{Datei: 2 * a.Groesse, Gesamt: 2 * a.Groesse}})
	require.NoError(t, err)
	e := eingang.New(sub, annahme, nil)

	debug.FreeOSMemory()
	require.NoError(t, testenv.SpeicherNeu())
	var b bericht
	b.Grundlast, _, err = testenv.Speicher()
	require.NoError(t, err)
	start := time.Now()
	if a.Ganz {
		for ref, err := range sub.List(t.Context()) {
			require.NoError(t, err)
			r, err := sub.Fetch(t.Context(), ref.SubmissionID)
			require.NoError(t, err)
			require.Len(t, r.Attachments[0].Content, int(a.Groesse))
		}
	} else {
		out, err := e.Poll(t.Context())
		require.NoError(t, err)
		require.Len(t, out, 1)
		b.Ausgang = out[0].Ausgang
		v, err := store.Get(t.Context(), amt, out[0].Vorgang)
		require.NoError(t, err)
		for _, f := range v.Stand().Dateien {
			if f.Groesse == a.Groesse {
				b.SHA512 = f.SHA512
				require.NoError(t, blobs.Stat(t.Context(), amt, ref(f)))
			}
		}
	}
	b.Dauer = time.Since(start)
	_, b.Spitze, err = testenv.Speicher()
	require.NoError(t, err)
	raw, err := json.Marshal(b)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(a.Ordner, "bericht.json"), raw, 0o600))
}
