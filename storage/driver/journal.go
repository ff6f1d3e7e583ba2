package driver

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// JournalRow is one Ereignis. Akteur, Daten and Salz can be erased; the hashes
// stay, so the chain still verifies.
type JournalRow struct {
	VorgangID uuid.UUID
	// Seq counts from 1 without gaps within the Vorgang.
	Seq  int64
	Zeit time.Time
	// Code is the stable event code.
	Code string
	// Akteur, Daten and Salz are opaque; length zero after erasure.
	Akteur, Daten, Salz []byte
	// AkteurHash and DatenHash are salted hashes of the erasable parts,
	// Vorgaenger is the hash of the row before, Hash that of this row.
	AkteurHash, DatenHash, Vorgaenger, Hash []byte
}

// ListJournalParams asks for rows with Seq greater than AfterSeq.
type ListJournalParams struct {
	VorgangID uuid.UUID
	AfterSeq  int64
	Limit     int
}

// EraseJournalParams names the rows to erase.
type EraseJournalParams struct {
	VorgangID uuid.UUID
	Seqs      []int64
}

// JournalTx reads the journal, which SaveVorgang writes.
type JournalTx interface {
	// ListJournal reads rows ascending by Seq.
	ListJournal(ctx context.Context, p ListJournalParams) ([]JournalRow, error)
	// EraseJournal removes Akteur, Daten and Salz of the rows and keeps the
	// rest; rows erased before stay erased. ErrNotFound if one of the rows is
	// missing, and then nothing is erased.
	EraseJournal(ctx context.Context, p EraseJournalParams) error
}
