package local

// runsServer returns false: Postgres itself checks that on Windows.
func runsServer(int, string) bool { return false }
