//go:build !race

package intaketest_test

const raceEnabled = false
