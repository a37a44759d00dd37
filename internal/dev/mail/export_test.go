package mail

// Read is read, for tests.
func Read(raw string) *Message { return read([]byte(raw)) }
