package apikey

// Checksum is that of a key without one.
var Checksum = checksum
