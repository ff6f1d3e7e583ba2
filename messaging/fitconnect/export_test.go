package fitconnect

// Inflate is inflate for tests.
var Inflate = inflate
