-- Search words, the feed of changes, shares, idempotency keys, retention, moves.

-- The table is built anew, because what stands behind daten in a row costs reading all
-- of it: a list would read every Vorgang to show the Antragsteller.
-- woerter: the words a Vorgang is found by, sorted, each between two blanks: ' erika mustermann '.
CREATE TABLE vorgang_neu (
    mandant       TEXT    NOT NULL,
    id            BLOB    NOT NULL,
    version       INTEGER NOT NULL,
    nummer        TEXT    NOT NULL,
    status        TEXT    NOT NULL,
    leistung      TEXT    NOT NULL,
    einheit       TEXT    NOT NULL,
    bearbeiter    TEXT    NOT NULL,
    aktenzeichen  TEXT    NOT NULL,
    eingang       INTEGER NOT NULL,
    frist         TEXT,
    wartend       INTEGER NOT NULL,
    lease_token   BLOB,
    lease_bis     INTEGER,
    journal_seq   INTEGER NOT NULL,
    antragsteller TEXT    NOT NULL DEFAULT '',
    woerter       TEXT    NOT NULL DEFAULT '',
    journal_hash  BLOB    NOT NULL,
    daten         BLOB    NOT NULL,
    PRIMARY KEY (mandant, id)
) STRICT;
INSERT INTO vorgang_neu (mandant, id, version, nummer, status, leistung, einheit, bearbeiter, aktenzeichen, eingang, frist,
        wartend, lease_token, lease_bis, journal_seq, journal_hash, daten)
    SELECT mandant, id, version, nummer, status, leistung, einheit, bearbeiter, aktenzeichen, eingang, frist,
        wartend, lease_token, lease_bis, journal_seq, journal_hash, daten FROM vorgang ORDER BY mandant, eingang, id;
DROP TABLE vorgang; -- with its indexes; foreign keys are off during a migration
ALTER TABLE vorgang_neu RENAME TO vorgang;
CREATE UNIQUE INDEX vorgang_nummer ON vorgang (mandant, nummer) WHERE nummer <> '';
CREATE INDEX vorgang_eingang ON vorgang (mandant, eingang, id);
CREATE INDEX vorgang_status ON vorgang (mandant, status, eingang, id);
CREATE INDEX vorgang_bearbeiter ON vorgang (mandant, bearbeiter, eingang, id) WHERE bearbeiter <> '';
CREATE INDEX vorgang_frist ON vorgang (mandant, frist) WHERE frist IS NOT NULL;

-- What is under a lease is not in the indexes of the stack; leases that ran out are
-- found by vorgang_lease. So a claim costs the same however much is at work.
CREATE INDEX vorgang_wartend ON vorgang (mandant, eingang, id) WHERE wartend AND lease_bis IS NULL;
CREATE INDEX vorgang_stapel ON vorgang (mandant, einheit, leistung, eingang, id) WHERE wartend AND lease_bis IS NULL;
CREATE INDEX vorgang_lease ON vorgang (mandant, lease_bis, eingang, id, einheit, leistung) WHERE wartend AND lease_bis IS NOT NULL;
CREATE INDEX vorgang_einheit ON vorgang (mandant, einheit, eingang, id);

-- The relay walks over what waits for another Auftrag without looking at the rows.
DROP INDEX auftrag_offen;
CREATE INDEX auftrag_offen ON auftrag (mandant, vorgang_id, vorgang_version, ordinal, termin, zustand) WHERE zustand IN ('offen', 'geparkt') AND NOT termin;
DROP INDEX auftrag_faellig;
CREATE INDEX auftrag_faellig ON auftrag (faellig, id, mandant, vorgang_id, vorgang_version, ordinal, termin, lease_bis, art) WHERE zustand = 'offen';

-- Where a delivery went, for the erasure of a Vorgang.
CREATE INDEX eingang_ziel ON eingang (mandant, ziel_vorgang);

-- The index of vorgang.woerter; no foreign key, since it is derived.
CREATE TABLE suche (
    mandant    TEXT NOT NULL,
    wort       TEXT NOT NULL,
    vorgang_id BLOB NOT NULL,
    PRIMARY KEY (mandant, wort, vorgang_id)
) STRICT, WITHOUT ROWID;

-- Which other Mandant takes part in a Vorgang. A guest asks across all owners.
CREATE TABLE beteiligung (
    mandant    TEXT    NOT NULL,
    vorgang_id BLOB    NOT NULL,
    gast       TEXT    NOT NULL,
    recht      TEXT    NOT NULL,
    von        INTEGER NOT NULL,
    bis        INTEGER,
    PRIMARY KEY (mandant, vorgang_id, gast, von),
    FOREIGN KEY (mandant, vorgang_id) REFERENCES vorgang (mandant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX beteiligung_gast ON beteiligung (gast, mandant, vorgang_id);

-- The feed of a Mandant (strom): saves of its own Vorgaenge and of those shared with it.
-- pos counts from 1 per strom; the newest row of a strom is never removed.
CREATE TABLE aenderung (
    strom       TEXT    NOT NULL,
    pos         INTEGER NOT NULL,
    mandant     TEXT    NOT NULL,
    vorgang_id  BLOB    NOT NULL,
    version     INTEGER NOT NULL,
    journal_von INTEGER NOT NULL,
    journal_bis INTEGER NOT NULL,
    zeit        INTEGER NOT NULL,
    PRIMARY KEY (strom, pos)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX aenderung_version ON aenderung (strom, mandant, vorgang_id, version);

CREATE TABLE schluessel (
    mandant    TEXT    NOT NULL,
    schluessel TEXT    NOT NULL,
    bis        INTEGER NOT NULL,
    daten      BLOB    NOT NULL,
    PRIMARY KEY (mandant, schluessel)
) STRICT, WITHOUT ROWID;
CREATE INDEX schluessel_bis ON schluessel (mandant, bis);

CREATE TABLE aufbewahrung (
    mandant    TEXT    NOT NULL,
    vorgang_id BLOB    NOT NULL,
    bis        TEXT    NOT NULL,
    halt       INTEGER NOT NULL,
    daten      BLOB    NOT NULL,
    PRIMARY KEY (mandant, vorgang_id),
    FOREIGN KEY (mandant, vorgang_id) REFERENCES vorgang (mandant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX aufbewahrung_bis ON aufbewahrung (mandant, bis, vorgang_id);

-- A Mandant that moves, or has moved, to another store.
CREATE TABLE sperre (
    mandant TEXT NOT NULL,
    zustand TEXT NOT NULL CHECK (zustand IN ('schreiben', 'alles')),
    PRIMARY KEY (mandant)
) STRICT, WITHOUT ROWID;
