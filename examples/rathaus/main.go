// Command rathaus is a town hall in a browser: several authorities in one installation,
// with the desk of the clerks, the pages of the citizens, and sample applications.
//
//	go run ./examples/rathaus
//
// It is composed from the public packages of Fachwerk and is meant to be read: haus.go
// puts the parts together, package amt is the clerk's side, package buerger the citizen's,
// package verfahren what the authorities and their procedures are.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/ozg-fachwerk/fachwerk/examples/rathaus/verfahren"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/postgres"
	"github.com/ozg-fachwerk/fachwerk/storage/sqlite"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	var db datenbank
	flag.StringVar(&db.App, "postgres", "", "connection string of a PostgreSQL database instead of SQLite, as the role fachwerk_app")
	flag.StringVar(&db.Relay, "postgres-relay", "", "the same as the role fachwerk_relay")
	flag.StringVar(&db.Owner, "postgres-owner", "", "the same as the owner; brings the schema up to date")
	dir := flag.String("dir", filepath.Join(os.TempDir(), "rathaus"), "folder for database and files")
	dauer := flag.Duration("dauer", 0, "stop after this time; 0 runs until interrupted")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if *dauer > 0 {
		ctx, cancel = context.WithTimeout(ctx, *dauer)
		defer cancel()
	}
	if err := run(ctx, *addr, db, *dir, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "rathaus:", err)
		os.Exit(1)
	}
}

// datenbank are the roles of a PostgreSQL database, see package storage/postgres; without
// App it is SQLite.
type datenbank struct{ App, Relay, Owner string }

func (d datenbank) open(ctx context.Context, dir string, o *storage.Options) (*storage.Store, error) {
	if d.App == "" {
		return sqlite.Open(ctx, filepath.Join(dir, "fachwerk.db"), &sqlite.Options{Store: o})
	}
	if d.Owner != "" {
		if err := postgres.Migrate(ctx, d.Owner, nil); err != nil {
			return nil, err
		}
	}
	return postgres.Open(ctx, d.App, &postgres.Options{Store: o, RelayDSN: d.Relay})
}

// run serves until ctx ends.
func run(ctx context.Context, addr string, db datenbank, dir string, out io.Writer) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	a, err := verfahren.Load()
	if err != nil {
		return err
	}
	url := "http://" + l.Addr().String()
	h, err := build(context.WithoutCancel(ctx), a, hausParams{Dir: dir, URL: url, Log: log, Store: func(ctx context.Context, o *storage.Options) (*storage.Store, error) { return db.open(ctx, dir, o) }})
	if err != nil {
		return err
	}
	s := &http.Server{Handler: h.handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
	ende := make(chan error, 1)
	go func() { ende <- s.Serve(l) }()
	err = h.seed(context.WithoutCancel(ctx), a)
	if err == nil {
		fmt.Fprintf(out, "Das Rathaus ist offen: %s\n", url)
		select {
		case err = <-ende:
		case <-ctx.Done():
			fmt.Fprintln(out, "Das Rathaus schließt.")
		}
	}
	h.amt.Close() // ends the streams, so that Shutdown need not wait for them
	zeit, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if e := s.Shutdown(zeit); errors.Is(e, context.DeadlineExceeded) {
		_ = s.Close()
	}
	return errors.Join(err, h.Close())
}
