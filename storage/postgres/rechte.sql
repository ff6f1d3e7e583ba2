-- Runs at the end of every Migrate; it may run again and again.
-- The journal is appended only: the app role can erase personal data in it, and change nothing else.
GRANT USAGE ON SCHEMA public TO :app, :relay;
GRANT SELECT ON migration TO :app, :relay;
GRANT SELECT, INSERT, UPDATE ON vorgang, auftrag, eingang, postfach, konfig, zaehler TO :app;
GRANT SELECT, INSERT, DELETE ON aktenzeichen TO :app;
GRANT SELECT, INSERT, UPDATE (akteur, daten, salz) ON journal TO :app;
GRANT SELECT, UPDATE (lease_token, lease_bis, versuch) ON auftrag TO :relay;
DROP POLICY IF EXISTS relay ON auftrag;
CREATE POLICY relay ON auftrag TO :relay USING (true);
