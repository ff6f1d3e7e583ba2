-- Instants are timestamptz (microseconds), ids are uuid, texts compare byte by byte.
-- Every key and index but one leads with the Mandant, so that no unique index tells one
-- Mandant about the rows of another.

CREATE TABLE vorgang (
    mandant      text COLLATE "C" NOT NULL,
    id           uuid NOT NULL,
    version      bigint NOT NULL,
    nummer       text COLLATE "C" NOT NULL,
    status       text COLLATE "C" NOT NULL,
    leistung     text COLLATE "C" NOT NULL,
    einheit      text COLLATE "C" NOT NULL,
    bearbeiter   text COLLATE "C" NOT NULL,
    aktenzeichen text COLLATE "C" NOT NULL,
    eingang      timestamptz NOT NULL,
    frist        date,
    wartend      boolean NOT NULL,
    lease_token  uuid,
    lease_bis    timestamptz,
    journal_seq  bigint NOT NULL,
    journal_hash bytea NOT NULL,
    daten        bytea NOT NULL,
    PRIMARY KEY (mandant, id)
);
CREATE UNIQUE INDEX vorgang_nummer ON vorgang (mandant, nummer) WHERE nummer <> '';
CREATE INDEX vorgang_eingang ON vorgang (mandant, eingang, id);
CREATE INDEX vorgang_status ON vorgang (mandant, status, eingang, id);
CREATE INDEX vorgang_bearbeiter ON vorgang (mandant, bearbeiter, eingang, id) WHERE bearbeiter <> '';
CREATE INDEX vorgang_frist ON vorgang (mandant, frist) WHERE frist IS NOT NULL;
CREATE INDEX vorgang_wartend ON vorgang (mandant, eingang, id) WHERE wartend;

-- vorgang.aktenzeichen holds the list as JSON; this table is its index.
CREATE TABLE aktenzeichen (
    mandant      text COLLATE "C" NOT NULL,
    aktenzeichen text COLLATE "C" NOT NULL,
    vorgang_id   uuid NOT NULL,
    PRIMARY KEY (mandant, aktenzeichen, vorgang_id),
    FOREIGN KEY (mandant, vorgang_id) REFERENCES vorgang (mandant, id)
);
CREATE INDEX aktenzeichen_vorgang ON aktenzeichen (mandant, vorgang_id);

-- akteur, daten and salz become NULL when personal data is erased.
CREATE TABLE journal (
    mandant     text COLLATE "C" NOT NULL,
    vorgang_id  uuid NOT NULL,
    seq         bigint NOT NULL,
    zeit        timestamptz NOT NULL,
    code        text COLLATE "C" NOT NULL,
    akteur      bytea,
    daten       bytea,
    salz        bytea,
    akteur_hash bytea NOT NULL,
    daten_hash  bytea NOT NULL,
    vorgaenger  bytea NOT NULL,
    hash        bytea NOT NULL,
    PRIMARY KEY (mandant, vorgang_id, seq),
    FOREIGN KEY (mandant, vorgang_id) REFERENCES vorgang (mandant, id)
);

CREATE TABLE auftrag (
    mandant         text COLLATE "C" NOT NULL,
    id              uuid NOT NULL,
    vorgang_id      uuid NOT NULL,
    vorgang_version bigint NOT NULL,
    ordinal         bigint NOT NULL,
    art             text COLLATE "C" NOT NULL,
    daten           bytea NOT NULL,
    erstellt        timestamptz NOT NULL,
    faellig         timestamptz NOT NULL,
    termin          boolean NOT NULL,
    zustand         text COLLATE "C" NOT NULL CHECK (zustand IN ('offen', 'erledigt', 'geparkt', 'aufgegeben')),
    versuch         bigint NOT NULL,
    lease_token     uuid,
    lease_bis       timestamptz,
    erledigt        timestamptz,
    letzter_fehler  text COLLATE "C" NOT NULL,
    PRIMARY KEY (mandant, id),
    FOREIGN KEY (mandant, vorgang_id) REFERENCES vorgang (mandant, id)
);
CREATE UNIQUE INDEX auftrag_platz ON auftrag (mandant, vorgang_id, vorgang_version, ordinal);
-- The open and parked ones are few: the relay reads only these.
CREATE INDEX auftrag_offen ON auftrag (mandant, vorgang_id, vorgang_version, ordinal) WHERE zustand IN ('offen', 'geparkt') AND NOT termin;
-- The one index that does not lead with the Mandant: the relay asks across all of them
-- for what is due longest. It is not unique, so it tells nobody anything.
CREATE INDEX auftrag_faellig ON auftrag (faellig, id) WHERE zustand = 'offen';

CREATE TABLE eingang (
    mandant      text COLLATE "C" NOT NULL,
    id           uuid NOT NULL,
    schluessel   text COLLATE "C" NOT NULL,
    kanal        text COLLATE "C" NOT NULL,
    zustand      text COLLATE "C" NOT NULL,
    version      bigint NOT NULL,
    eingegangen  timestamptz NOT NULL,
    ziel_mandant text COLLATE "C" NOT NULL,
    ziel_vorgang uuid NOT NULL,
    daten        bytea NOT NULL,
    PRIMARY KEY (mandant, id)
);
CREATE UNIQUE INDEX eingang_schluessel ON eingang (mandant, schluessel);
CREATE INDEX eingang_zustand ON eingang (mandant, zustand, eingegangen, id);

CREATE TABLE postfach (
    mandant    text COLLATE "C" NOT NULL,
    id         uuid NOT NULL,
    postfach   text COLLATE "C" NOT NULL,
    vorgang_id uuid NOT NULL,
    richtung   text COLLATE "C" NOT NULL,
    zeit       timestamptz NOT NULL,
    version    bigint NOT NULL,
    daten      bytea NOT NULL,
    PRIMARY KEY (mandant, id)
);
CREATE INDEX postfach_zeit ON postfach (mandant, postfach, zeit, id);
CREATE INDEX postfach_vorgang ON postfach (mandant, vorgang_id, zeit, id);

CREATE TABLE konfig (
    mandant    text COLLATE "C" NOT NULL,
    art        text COLLATE "C" NOT NULL,
    schluessel text COLLATE "C" NOT NULL,
    version    bigint NOT NULL,
    daten      bytea NOT NULL,
    PRIMARY KEY (mandant, art, schluessel)
);

CREATE TABLE zaehler (
    mandant text COLLATE "C" NOT NULL,
    name    text COLLATE "C" NOT NULL,
    jahr    bigint NOT NULL,
    wert    bigint NOT NULL,
    PRIMARY KEY (mandant, name, jahr)
);

-- The second lock. No Mandant set means no rows: outside a transaction that
-- set it, the setting is NULL or, on a used connection, ''.
DO $$
DECLARE tabelle text;
BEGIN
    FOREACH tabelle IN ARRAY ARRAY['vorgang', 'aktenzeichen', 'journal', 'auftrag', 'eingang', 'postfach', 'konfig', 'zaehler'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tabelle);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', tabelle);
        EXECUTE format('CREATE POLICY mandant ON %I USING (mandant = NULLIF(current_setting(''app.mandant'', true), ''''))', tabelle);
    END LOOP;
END $$;
