package server

// Holder is holder, for tests.
var Holder = holder

// RequestIDOf is requestIDOf, for tests.
var RequestIDOf = requestIDOf
