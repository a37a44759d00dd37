package local

// runsServer leaves it to Postgres to find out.
func runsServer(int, string) bool { return false }
