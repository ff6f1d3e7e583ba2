package sqlite_test

const envChild = "FACHWERK_SQLITE_KIND"

var children = map[string]func(){}
