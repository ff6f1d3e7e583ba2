package betrieb_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/ozg-fachwerk/fachwerk/betrieb"
	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/fim"
	eingang "github.com/ozg-fachwerk/fachwerk/intake/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/intake/ozgcloud"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/messaging/portal"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/postgres"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/storage/sqlite"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// envServer makes the test binary the receiving server of a load run.
const envServer = "FACHWERK_LAST_SERVER"

const lastToken = "nur-im-test-0123456789abcdef0123456789"

// serverParams is what the child is told.
type serverParams struct {
	Listen      string // address of the HTTP server
	SQLite      string // file; or
	Postgres    string // connection string of the app role, and
	Relay       string // of the relay role
	Dateien     string // folder of the blob storage
	Endpoints   fitconnect.Endpoints
	Credentials fitconnect.Credentials
	Destination string
	// LebtBis ends the child if nobody else does.
	LebtBis time.Time
}

// lastServer runs the server and ends the process, if this is a child.
func lastServer() {
	raw := os.Getenv(envServer)
	if raw == "" {
		return
	}
	var p serverParams
	err := json.Unmarshal([]byte(raw), &p)
	if err == nil {
		ctx, cancel := context.WithDeadline(context.Background(), p.LebtBis)
		defer cancel()
		err = serveLast(ctx, p)
	}
	fmt.Fprintln(os.Stderr, "server:", err)
	os.Exit(1)
}

func (p serverParams) open(ctx context.Context) (*storage.Store, error) {
	if p.Postgres != "" {
		return postgres.Open(ctx, p.Postgres, &postgres.Options{RelayDSN: p.Relay})
	}
	return sqlite.Open(ctx, p.SQLite, nil)
}

func (p serverParams) subscriber() (*fitconnect.Subscriber, error) {
	client, err := fitconnect.NewClient(p.Endpoints, p.Credentials, nil)
	if err != nil {
		return nil, err
	}
	enc, err := fitconnecttest.TestKey(fitconnecttest.KeyEncryption1)
	if err != nil {
		return nil, err
	}
	sign, err := fitconnecttest.TestKey(fitconnecttest.KeySigning1)
	if err != nil {
		return nil, err
	}
	ring, err := fitconnect.NewKeyring(enc.Decryption())
	if err != nil {
		return nil, err
	}
	return fitconnect.NewSubscriber(fitconnect.SubscriberParams{Client: client, DestinationID: p.Destination, Keys: ring, Signing: sign.Signing()}, nil)
}

// serveLast receives from both channels until it is killed. It says on stdout when it is ready.
func serveLast(ctx context.Context, p serverParams) error {
	store, err := p.open(ctx)
	if err != nil {
		return err
	}
	blobs, err := blob.OpenDir(p.Dateien, nil)
	if err != nil {
		return err
	}
	sub, err := p.subscriber()
	if err != nil {
		return err
	}
	mandanten, rules, err := tenant.LoadKonfiguration([]byte(lastKonfiguration))
	if err != nil {
		return err
	}
	form, err := fim.New(fim.Formular{Schema: schema, JSONSchema: []byte(`{"type":"object"}`)})
	if err != nil {
		return err
	}
	ozg := ozgcloud.NewParser(nil)
	b, err := betrieb.New(betrieb.Params{
		Store: store, Blobs: blobs, Mandanten: mandanten, Zustaendigkeiten: rules, Betreiber: "poststelle",
		Parser: []intake.Parser{form, ozg}, Kanaele: []messaging.Kanal{portal.New(store.Postfach(), nil)}, FITConnect: []*fitconnect.Subscriber{sub},
	}, &betrieb.Options{Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})), Empfang: eingang.Options{Poll: 200 * time.Millisecond},
		Relay: relay.Options{Lease: 3 * time.Second, Poll: 50 * time.Millisecond}}) // what the dead had leased comes back soon
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(lastToken))
	h, err := ozgcloud.New(ozgcloud.Params{Annahme: b.Annahme, Blobs: blobs, Betreiber: "poststelle",
		Zuordnung: ozgcloud.Tabelle{Stellen: map[string]string{"197008": "010020000000"}, Formulare: map[string]string{"42": "99063005001000"}},
		Zugaenge:  []ozgcloud.Zugang{{Name: "formulare", Token: []string{hex.EncodeToString(sum[:])}}}}, &ozgcloud.Options{Parser: ozg})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", p.Listen)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("POST /antrag", h)
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = srv.Serve(l) }() // ends with the process
	fmt.Println("bereit")
	return b.Run(ctx)
}

var lastKonfiguration = strings.TrimSpace(`{"mandanten":[
	{"id":"poststelle","name":"Poststelle","land":"SH","ars":"010000000000","anschrift":{}},
	{"id":"kiel","name":"Kiel","land":"SH","ars":"010020000000","anschrift":{},"einheiten":[{"id":"gruen","name":"Grünflächenamt"}]}],
	"zustaendigkeiten":[{"leistung":"99063005001000","mandant":"kiel","einheit":"gruen"}]}`)
