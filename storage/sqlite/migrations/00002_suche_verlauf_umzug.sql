-- Search words, the feed of changes, shares, idempotency keys, retention, moves.

ALTER TABLE vorgang ADD COLUMN antragsteller TEXT NOT NULL DEFAULT '';
-- The words a Vorgang is found by, sorted, each between two blanks: ' erika mustermann '.
ALTER TABLE vorgang ADD COLUMN woerter TEXT NOT NULL DEFAULT '';

-- What is under a lease is not in the indexes of the stack; leases that ran out are
-- found by vorgang_lease. So a claim costs the same however much is at work.
DROP INDEX vorgang_wartend;
CREATE INDEX vorgang_wartend ON vorgang (mandant, eingang, id) WHERE wartend AND lease_bis IS NULL;
CREATE INDEX vorgang_stapel ON vorgang (mandant, einheit, leistung, eingang, id) WHERE wartend AND lease_bis IS NULL;
CREATE INDEX vorgang_lease ON vorgang (mandant, lease_bis) WHERE wartend AND lease_bis IS NOT NULL;
CREATE INDEX vorgang_einheit ON vorgang (mandant, einheit, eingang, id);

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
