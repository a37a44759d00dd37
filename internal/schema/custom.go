package schema

// Custom is a field of Query or Mutation that the team writes itself, in SQL, as a function of Postgres or as a
// service that answers over HTTP.
type Custom struct {
	Name        string
	Description string
	Mutation    bool
	Arguments   []Argument
	Type        FieldType // a scalar, an enum, a stored type, a plain type of such values, or a list of one
	Query       string    // SQL with the arguments as $name; empty for others
	Function    string    // of Postgres, perhaps with its schema; takes the arguments by their names in snake_case
	HTTP        *HTTP     // nil for SQL
	Rules       []Rule    // without a row: who may use it; none is the service alone
	Fresh       Fresh
	Deprecated  string
	Pos         Position
	SQLPos      Position // of Query, Function or the URL of HTTP
}

// Argument is an argument of a Custom.
type Argument struct {
	Name        string
	Description string
	Type        FieldType // a scalar, an enum or a list of one
	Default     string    // a literal of GraphQL; empty for none
	Deprecated  string
	Pos         Position
}

// Argument returns the argument of that name, or nil.
func (c *Custom) Argument(name string) *Argument {
	for i := range c.Arguments {
		if c.Arguments[i].Name == name {
			return &c.Arguments[i]
		}
	}
	return nil
}

// Custom returns the field of that name that the team adds to Query or Mutation, or nil.
func (s *Schema) Custom(name string, mutation bool) *Custom {
	for _, c := range s.Customs {
		if c.Name == name && c.Mutation == mutation {
			return c
		}
	}
	return nil
}
