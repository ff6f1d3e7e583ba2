-- Runs at the end of every Migrate; it may run again and again.
-- The journal is appended only: the app role can erase personal data in it, and change nothing else.
GRANT USAGE ON SCHEMA public TO :app, :relay;
GRANT SELECT ON migration TO :app, :relay;
GRANT SELECT, INSERT, UPDATE ON vorgang, auftrag, eingang, konfig, zaehler, aufbewahrung TO :app;
GRANT SELECT, INSERT, UPDATE, DELETE ON postfach, beteiligung, sperre TO :app;
GRANT SELECT, INSERT, DELETE ON aktenzeichen, suche, schluessel TO :app;
GRANT SELECT, INSERT, UPDATE (akteur, daten, salz) ON journal TO :app;
-- A row of a feed gets its place when it is read, and nothing else of it changes.
GRANT SELECT, INSERT, UPDATE (pos), DELETE ON aenderung TO :app;
GRANT EXECUTE ON FUNCTION umzug_offen(), entfernen(bigint) TO :app;
GRANT SELECT, UPDATE (lease_token, lease_bis, versuch) ON auftrag TO :relay;
GRANT SELECT ON sperre TO :relay;
DROP POLICY IF EXISTS relay ON auftrag;
CREATE POLICY relay ON auftrag TO :relay USING (true);
DROP POLICY IF EXISTS relay ON sperre;
CREATE POLICY relay ON sperre FOR SELECT TO :relay USING (true);
