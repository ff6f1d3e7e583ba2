// Package fachwerk is the map of the module. It holds no code: import the
// package whose job you need.
//
// The floors, from the ground up; a package imports only floors below its own:
//
//	tenant/     who and where: Mandant, Organisationseinheit, Leistung, ARS, Zustaendigkeit, Akteur
//	            datum/ (legal dates) fehler/ (error kinds and problems) regelwerk/ xzufi/ (rules of competence)
//	messaging/  the letter: Nachricht, Kanal, Sendung, Quittung
//	            fitconnect/ (the protocol, with a public test double) bundid/ portal/ (embedded mailbox)
//	            brief/ (print centre) smtp/ (notification) messagingtest/
//	bescheid/   the decision: Bescheid, Bekanntgabe
//	            frist/ (legal time) vorlage/ (templates) pdf/ (tagged PDF/A) ausfertigung/ (the letter)
//	            siegel/ (electronic seals) gebuehr/ (fees) zahlung/ (payment) geld/ (money in cents)
//	vorgang/    the case: commands, status, journal (Ereignis), outbox (Auftrag)
//	            pruefung/ (checks by rules) person/ (who applies) din91379/ (letters of names)
//	storage/    Store and Tx    driver/ memory/ sqlite/ postgres/ blob/ storagetest/ relay/
//	intake/     in: Annahme, Klaerfach    fitconnect/ ozgcloud/ fim/ zuordnung/ xta/ clamd/ icap/ intaketest/
//	dms/        out: Paket, Ziel    xdomea/ verzeichnis/ veraktung/ (files closed Vorgaenge) dmstest/
//	betrieb/    composes an installation and runs it
//	examples/   durchlauf/ (the whole way, once) jahr/ (a simulated year)
package fachwerk
