-- Times are microseconds since 1970 in UTC, dates are text "JJJJ-MM-TT", ids are 16 bytes.
-- Every key and index but one leads with the Mandant.

CREATE TABLE vorgang (
    mandant      TEXT    NOT NULL,
    id           BLOB    NOT NULL,
    version      INTEGER NOT NULL,
    nummer       TEXT    NOT NULL,
    status       TEXT    NOT NULL,
    leistung     TEXT    NOT NULL,
    einheit      TEXT    NOT NULL,
    bearbeiter   TEXT    NOT NULL,
    aktenzeichen TEXT    NOT NULL,
    eingang      INTEGER NOT NULL,
    frist        TEXT,
    wartend      INTEGER NOT NULL,
    lease_token  BLOB,
    lease_bis    INTEGER,
    journal_seq  INTEGER NOT NULL,
    journal_hash BLOB    NOT NULL,
    daten        BLOB    NOT NULL,
    PRIMARY KEY (mandant, id)
) STRICT;
CREATE UNIQUE INDEX vorgang_nummer ON vorgang (mandant, nummer) WHERE nummer <> '';
CREATE INDEX vorgang_eingang ON vorgang (mandant, eingang, id);
CREATE INDEX vorgang_status ON vorgang (mandant, status, eingang, id);
CREATE INDEX vorgang_bearbeiter ON vorgang (mandant, bearbeiter, eingang, id) WHERE bearbeiter <> '';
CREATE INDEX vorgang_frist ON vorgang (mandant, frist) WHERE frist IS NOT NULL;
CREATE INDEX vorgang_wartend ON vorgang (mandant, eingang, id) WHERE wartend;

-- vorgang.aktenzeichen holds the list as JSON; this table is its index.
CREATE TABLE aktenzeichen (
    mandant      TEXT NOT NULL,
    aktenzeichen TEXT NOT NULL,
    vorgang_id   BLOB NOT NULL,
    PRIMARY KEY (mandant, aktenzeichen, vorgang_id),
    FOREIGN KEY (mandant, vorgang_id) REFERENCES vorgang (mandant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX aktenzeichen_vorgang ON aktenzeichen (mandant, vorgang_id);

-- akteur, daten and salz become NULL when personal data is erased.
CREATE TABLE journal (
    mandant     TEXT    NOT NULL,
    vorgang_id  BLOB    NOT NULL,
    seq         INTEGER NOT NULL,
    zeit        INTEGER NOT NULL,
    code        TEXT    NOT NULL,
    akteur      BLOB,
    daten       BLOB,
    salz        BLOB,
    akteur_hash BLOB    NOT NULL,
    daten_hash  BLOB    NOT NULL,
    vorgaenger  BLOB    NOT NULL,
    hash        BLOB    NOT NULL,
    PRIMARY KEY (mandant, vorgang_id, seq),
    FOREIGN KEY (mandant, vorgang_id) REFERENCES vorgang (mandant, id)
) STRICT;

CREATE TABLE auftrag (
    mandant         TEXT    NOT NULL,
    id              BLOB    NOT NULL,
    vorgang_id      BLOB    NOT NULL,
    vorgang_version INTEGER NOT NULL,
    ordinal         INTEGER NOT NULL,
    art             TEXT    NOT NULL,
    daten           BLOB    NOT NULL,
    erstellt        INTEGER NOT NULL,
    faellig         INTEGER NOT NULL,
    termin          INTEGER NOT NULL,
    zustand         TEXT    NOT NULL CHECK (zustand IN ('offen', 'erledigt', 'geparkt', 'aufgegeben')),
    versuch         INTEGER NOT NULL,
    lease_token     BLOB,
    lease_bis       INTEGER,
    erledigt        INTEGER,
    letzter_fehler  TEXT    NOT NULL,
    PRIMARY KEY (mandant, id),
    FOREIGN KEY (mandant, vorgang_id) REFERENCES vorgang (mandant, id)
) STRICT;
CREATE UNIQUE INDEX auftrag_platz ON auftrag (mandant, vorgang_id, vorgang_version, ordinal);
-- The open and parked ones are few: the relay reads only these.
CREATE INDEX auftrag_offen ON auftrag (mandant, vorgang_id, vorgang_version, ordinal) WHERE zustand IN ('offen', 'geparkt') AND NOT termin;
-- The one index that does not lead with the Mandant: the relay asks across all of them
-- for what is due longest. It is not unique, so it tells nobody anything.
CREATE INDEX auftrag_faellig ON auftrag (faellig, id) WHERE zustand = 'offen';

CREATE TABLE eingang (
    mandant      TEXT    NOT NULL,
    id           BLOB    NOT NULL,
    schluessel   TEXT    NOT NULL,
    kanal        TEXT    NOT NULL,
    zustand      TEXT    NOT NULL,
    version      INTEGER NOT NULL,
    eingegangen  INTEGER NOT NULL,
    ziel_mandant TEXT    NOT NULL,
    ziel_vorgang BLOB    NOT NULL,
    daten        BLOB    NOT NULL,
    PRIMARY KEY (mandant, id)
) STRICT;
CREATE UNIQUE INDEX eingang_schluessel ON eingang (mandant, schluessel);
CREATE INDEX eingang_zustand ON eingang (mandant, zustand, eingegangen, id);

CREATE TABLE postfach (
    mandant    TEXT    NOT NULL,
    id         BLOB    NOT NULL,
    postfach   TEXT    NOT NULL,
    vorgang_id BLOB    NOT NULL,
    richtung   TEXT    NOT NULL,
    zeit       INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    daten      BLOB    NOT NULL,
    PRIMARY KEY (mandant, id)
) STRICT;
CREATE INDEX postfach_zeit ON postfach (mandant, postfach, zeit, id);
CREATE INDEX postfach_vorgang ON postfach (mandant, vorgang_id, zeit, id);

CREATE TABLE konfig (
    mandant    TEXT    NOT NULL,
    art        TEXT    NOT NULL,
    schluessel TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    daten      BLOB    NOT NULL,
    PRIMARY KEY (mandant, art, schluessel)
) STRICT;

CREATE TABLE zaehler (
    mandant TEXT    NOT NULL,
    name    TEXT    NOT NULL,
    jahr    INTEGER NOT NULL,
    wert    INTEGER NOT NULL,
    PRIMARY KEY (mandant, name, jahr)
) STRICT, WITHOUT ROWID;
