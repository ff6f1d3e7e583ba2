// Package web is what every page of the town hall needs, whoever uses it:
// sessions, protection against forged and oversized requests, brakes for those
// who guess, and templates.
//
// Sessions live in the memory of the process. An installation of several
// processes keeps a user on one of them (sticky sessions) or exchanges this
// package for one that stores them.
package web
