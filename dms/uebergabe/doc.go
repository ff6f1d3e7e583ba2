// Package uebergabe hands an application over to a Fachverfahren, so that nobody types
// it again: the port a target implements, what it gets, and what it may answer.
//
// A [Sendung] is one hand-over: the data of the Antrag as JSON by a published schema
// ([Schemas]), FIM JSON or XFall where it came in so, references to the files, and what
// says where it belongs. Files are streamed and never held in memory. A [Ziel] takes it,
// and is idempotent by its id. On every way it travels as a CloudEvent 1.0 ([Ereignis]).
//
// A target that brings answers along its own way is a [Rueckmelder]. Answers are
// CloudEvents too, of the types of this package; dms/uebergabe/dienst turns them into
// commands, whichever way they came.
//
// Adapters: dms/uebergabe/webhook (HTTPS), dms/uebergabe/ordner (directories),
// dms/uebergabe/jetstream (NATS). Who implements Ziel proves it with
// dms/uebergabe/uebergabetest. New optional abilities come as further small
// interfaces; Ziel itself will not grow. docs/uebergabe.md is written for those who
// receive.
package uebergabe
