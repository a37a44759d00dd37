package pg

// SeedsTable is where seeds note what they have loaded, so that they can go on, and take it back. It is in the schema that comes first
// on the search path.
const SeedsTable = "krowoc_seeds"
