-- The relay serves Mandanten in turn: which have something due, and the next of one of them.
CREATE INDEX auftrag_mandant ON auftrag (mandant, faellig, id) WHERE zustand = 'offen';
-- What is parked is counted for whoever runs the installation.
CREATE INDEX auftrag_geparkt ON auftrag (mandant, id) WHERE zustand = 'geparkt';
