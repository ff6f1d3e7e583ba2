-- A file as the program with migration 00001 left it: what that migration made, then a
-- few rows of each table. TestUpgrade opens it with today's program.

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

CREATE TABLE migration (nummer INTEGER PRIMARY KEY, name TEXT NOT NULL, summe TEXT NOT NULL) STRICT;
INSERT INTO migration VALUES (1, '00001_grundlage.sql', 'c1618f035f8ab5d875d850fcd997607c24744367c96c48fe66859d572940e06e');

INSERT INTO vorgang (mandant, id, version, nummer, status, leistung, einheit, bearbeiter, aktenzeichen, eingang, frist,
        wartend, lease_token, lease_bis, journal_seq, journal_hash, daten) VALUES
    ('kiel', x'0190000000007000800000000000000a', 2, 'KI-1', 'neu', '99063005001000', 'gruen', '', '["67.31/26-1","ä"]',
        1795424400000000, '2026-12-24', 1, NULL, NULL, 2, x'a2', x'7b7d'),
    ('kiel', x'0190000000007000800000000000000b', 1, '', 'in_arbeit', 'l2', 'bau', 'kim', '[]',
        1795424400000001, NULL, 1, x'0190000000007000800000000000ffff', 1795428000000000, 1, x'b1', zeroblob(20000)),
    ('luebeck', x'0190000000007000800000000000000a', 1, 'KI-1', 'neu', 'l3', 'gruen', '', '[]',
        1795424400000000, NULL, 0, NULL, NULL, 0, x'', x'01');
INSERT INTO aktenzeichen VALUES
    ('kiel', '67.31/26-1', x'0190000000007000800000000000000a'), ('kiel', 'ä', x'0190000000007000800000000000000a');
INSERT INTO journal VALUES
    ('kiel', x'0190000000007000800000000000000a', 1, 1795424400000000, 'eingegangen', x'01', x'02', x'03', x'04', x'05', x'', x'a1'),
    ('kiel', x'0190000000007000800000000000000a', 2, 1795424400000009, 'notiz', NULL, NULL, NULL, x'14', x'15', x'a1', x'a2'),
    ('kiel', x'0190000000007000800000000000000b', 1, 1795424400000001, 'eingegangen', x'', x'', x'', x'24', x'25', x'', x'b1');
INSERT INTO auftrag VALUES
    ('kiel', x'019000000000700080000000000000a1', x'0190000000007000800000000000000a', 1, 0, 'quittung', x'64',
        1795424400000000, 1795424400000000, 0, 'erledigt', 1, NULL, NULL, 1795424400000005, ''),
    ('kiel', x'019000000000700080000000000000a2', x'0190000000007000800000000000000a', 2, 0, 'zustellen', x'65',
        1795424400000009, 1795424400000009, 0, 'offen', 0, NULL, NULL, NULL, ''),
    ('kiel', x'019000000000700080000000000000b1', x'0190000000007000800000000000000b', 1, 0, 'abgeben', x'66',
        1795424400000001, 1795424400000001, 1, 'geparkt', 3, NULL, NULL, NULL, 'timeout');
INSERT INTO eingang VALUES
    ('kiel', x'019000000000700080000000000000e1', 'fc-1', 'fitconnect', 'zugestellt', 2, 1795424400000000,
        'kiel', x'0190000000007000800000000000000a', x'01'),
    ('kiel', x'019000000000700080000000000000e2', 'fc-2', 'fitconnect', 'klaerung', 1, 1795424400000001, '', zeroblob(16), x'02');
INSERT INTO postfach VALUES
    ('kiel', x'019000000000700080000000000000f1', 'buerger-1', x'0190000000007000800000000000000a', 'ausgang', 1795424400000000, 1, x'01');
INSERT INTO konfig VALUES ('kiel', 'mandant', 'stamm', 4, x'7b7d'), ('luebeck', 'mandant', 'stamm', 1, x'7b7d');
INSERT INTO zaehler VALUES ('kiel', 'vorgang', 2026, 41);
