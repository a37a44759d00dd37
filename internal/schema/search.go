package schema

// Search is what a full-text search of a type looks at, see @searchable.
type Search struct {
	Fields   []SearchField // never empty
	Language string        // a text search configuration of Postgres: english
	Pos      Position
}

// SearchField is a field whose text is searched. A word in a field of weight A counts most, and one of weight D least.
type SearchField struct {
	Field  *Field
	Weight string // A, B, C or D
}

// SearchColumn is the column that holds the words of a row.
const SearchColumn = "search_vector"

// SearchIndex returns the name of the index on the words of a table.
func SearchIndex(table string) string { return ObjectName(table, []string{SearchColumn}, "idx") }

// Languages are the text search configurations that every database of Postgres 14 and later has.
var Languages = []string{
	"simple", "arabic", "armenian", "basque", "catalan", "danish", "dutch", "english", "finnish", "french", "german", "greek", "hindi", "hungarian",
	"indonesian", "irish", "italian", "lithuanian", "nepali", "norwegian", "portuguese", "romanian", "russian", "serbian", "spanish", "swedish",
	"tamil", "turkish", "yiddish",
}
