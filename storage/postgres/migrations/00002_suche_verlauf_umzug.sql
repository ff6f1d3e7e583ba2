-- Search words, the feed of changes, shares, idempotency keys, retention, moves.

ALTER TABLE vorgang ADD COLUMN antragsteller text COLLATE "C" NOT NULL DEFAULT '';
-- The words a Vorgang is found by, sorted, each between two blanks: ' erika mustermann '.
ALTER TABLE vorgang ADD COLUMN woerter text COLLATE "C" NOT NULL DEFAULT '';

-- What is under a lease is not in the indexes of the stack; leases that ran out are
-- found by vorgang_lease. So a claim costs the same however much is at work.
DROP INDEX vorgang_wartend;
CREATE INDEX vorgang_wartend ON vorgang (mandant, eingang, id) WHERE wartend AND lease_bis IS NULL;
CREATE INDEX vorgang_stapel ON vorgang (mandant, einheit, leistung, eingang, id) WHERE wartend AND lease_bis IS NULL;
CREATE INDEX vorgang_lease ON vorgang (mandant, lease_bis) WHERE wartend AND lease_bis IS NOT NULL;
CREATE INDEX vorgang_einheit ON vorgang (mandant, einheit, eingang, id);

-- The index of vorgang.woerter; no foreign key, since it is derived.
CREATE TABLE suche (
    mandant    text COLLATE "C" NOT NULL,
    wort       text COLLATE "C" NOT NULL,
    vorgang_id uuid NOT NULL,
    PRIMARY KEY (mandant, wort, vorgang_id)
);

-- Which other Mandant takes part in a Vorgang. A guest asks across all owners.
CREATE TABLE beteiligung (
    mandant    text COLLATE "C" NOT NULL,
    vorgang_id uuid NOT NULL,
    gast       text COLLATE "C" NOT NULL,
    recht      text COLLATE "C" NOT NULL,
    von        timestamptz NOT NULL,
    bis        timestamptz,
    PRIMARY KEY (mandant, vorgang_id, gast, von),
    FOREIGN KEY (mandant, vorgang_id) REFERENCES vorgang (mandant, id)
);
CREATE INDEX beteiligung_gast ON beteiligung (gast, mandant, vorgang_id);

-- The feed of a Mandant (strom): saves of its own Vorgaenge and of those shared with it.
-- A writer adds rows without pos. Who reads the feed numbers what is committed, one reader
-- at a time, in the order of lfd: so no place is ever filled behind a reader, however late
-- a transaction commits. pos counts from 1 per strom; the newest row is never removed.
CREATE TABLE aenderung (
    strom       text COLLATE "C" NOT NULL,
    lfd         bigint GENERATED ALWAYS AS IDENTITY,
    pos         bigint,
    mandant     text COLLATE "C" NOT NULL,
    vorgang_id  uuid NOT NULL,
    version     bigint NOT NULL,
    journal_von bigint NOT NULL,
    journal_bis bigint NOT NULL,
    zeit        timestamptz NOT NULL,
    PRIMARY KEY (strom, mandant, vorgang_id, version)
);
CREATE UNIQUE INDEX aenderung_pos ON aenderung (strom, pos) WHERE pos IS NOT NULL;
CREATE INDEX aenderung_neu ON aenderung (strom, lfd) WHERE pos IS NULL;

CREATE TABLE schluessel (
    mandant    text COLLATE "C" NOT NULL,
    schluessel text COLLATE "C" NOT NULL,
    bis        timestamptz NOT NULL,
    daten      bytea NOT NULL,
    PRIMARY KEY (mandant, schluessel)
);
CREATE INDEX schluessel_bis ON schluessel (mandant, bis);

CREATE TABLE aufbewahrung (
    mandant    text COLLATE "C" NOT NULL,
    vorgang_id uuid NOT NULL,
    bis        date NOT NULL,
    halt       boolean NOT NULL,
    daten      bytea NOT NULL,
    PRIMARY KEY (mandant, vorgang_id),
    FOREIGN KEY (mandant, vorgang_id) REFERENCES vorgang (mandant, id)
);
CREATE INDEX aufbewahrung_bis ON aufbewahrung (mandant, bis, vorgang_id);

-- A Mandant that moves, or has moved, to another store.
CREATE TABLE sperre (
    mandant text COLLATE "C" NOT NULL,
    zustand text COLLATE "C" NOT NULL CHECK (zustand IN ('ruht', 'schreiben', 'alles')),
    PRIMARY KEY (mandant)
);

-- Is the Mandant open? The owner of the tables, which is what entfernen() runs as, may
-- delete all the same.
CREATE FUNCTION umzug_offen() RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM sperre s WHERE s.mandant = NULLIF(current_setting('app.mandant', true), '') AND s.zustand <> 'ruht')
       AND NOT EXISTS (SELECT 1 FROM pg_class c WHERE c.oid = 'sperre'::regclass AND pg_get_userbyid(c.relowner) = current_user) THEN
        RAISE insufficient_privilege USING MESSAGE = 'policy "umzug": the Mandant is shut';
    END IF;
    RETURN true;
END $$;

-- Removes up to grenze rows of the Mandant of this transaction, if it is shut for good,
-- and gives how many; -1 if it is not. It runs as the owner, because the app role may not
-- delete Vorgaenge and journal; the policies hold the owner too, so it takes no other
-- Mandant's rows. Tables that refer to others come first.
CREATE FUNCTION entfernen(grenze bigint) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    ich     constant text := NULLIF(current_setting('app.mandant', true), '');
    weg     bigint := 0;
    n       bigint;
    tabelle text;
BEGIN
    -- The lock keeps others from opening the Mandant meanwhile.
    PERFORM 1 FROM sperre s WHERE s.mandant = ich AND s.zustand = 'alles' FOR SHARE;
    IF NOT FOUND THEN
        RETURN -1;
    END IF;
    FOREACH tabelle IN ARRAY ARRAY['suche', 'aktenzeichen', 'beteiligung', 'aufbewahrung', 'auftrag', 'journal', 'vorgang',
                                   'eingang', 'postfach', 'konfig', 'zaehler', 'schluessel', 'aenderung'] LOOP
        EXECUTE format('DELETE FROM %1$I WHERE ctid = ANY (ARRAY(SELECT ctid FROM %1$I WHERE %2$I = $1 LIMIT $2))',
            tabelle, CASE tabelle WHEN 'aenderung' THEN 'strom' ELSE 'mandant' END) USING ich, grenze - weg;
        GET DIAGNOSTICS n = ROW_COUNT;
        weg := weg + n;
        EXIT WHEN weg >= grenze;
    END LOOP;
    RETURN weg;
END $$;
REVOKE ALL ON FUNCTION entfernen(bigint), umzug_offen() FROM PUBLIC;

-- The second lock, as in 00001. Two tables let another Mandant see what is meant for it:
-- a guest reads the shares given to it, and a feed is read by its strom though the owner
-- of the Vorgang writes it. Neither holds contents.
DO $$
DECLARE tabelle text;
        ich constant text := $f$NULLIF(current_setting('app.mandant', true), '')$f$;
BEGIN
    FOREACH tabelle IN ARRAY ARRAY['suche', 'beteiligung', 'aenderung', 'schluessel', 'aufbewahrung', 'sperre'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tabelle);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', tabelle);
        EXECUTE format('CREATE POLICY mandant ON %I USING (mandant = %s)', tabelle, ich);
    END LOOP;
    EXECUTE format('CREATE POLICY gast ON beteiligung FOR SELECT USING (gast = %s)', ich);
    EXECUTE format('CREATE POLICY strom ON aenderung USING (strom = %s) WITH CHECK (strom = %s)', ich, ich);
    -- A Mandant that is shut is written by nobody. The condition does not depend on the
    -- row, so it is looked up once per statement. A DELETE knows no WITH CHECK, and USING
    -- would hide the rows without a word; so the function raises the error of the policy.
    FOREACH tabelle IN ARRAY ARRAY['vorgang', 'aktenzeichen', 'journal', 'auftrag', 'eingang', 'postfach', 'konfig', 'zaehler',
                                   'suche', 'beteiligung', 'schluessel', 'aufbewahrung'] LOOP
        EXECUTE format('CREATE POLICY umzug ON %I AS RESTRICTIVE USING (true) WITH CHECK (NOT EXISTS (SELECT 1 FROM sperre s WHERE s.mandant = %s AND s.zustand <> ''ruht''))',
            tabelle, ich);
        EXECUTE format('CREATE POLICY umzug_delete ON %I AS RESTRICTIVE FOR DELETE USING ((SELECT umzug_offen()))', tabelle);
    END LOOP;
END $$;
