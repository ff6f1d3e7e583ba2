//go:build race

package intaketest_test

const raceEnabled = true
