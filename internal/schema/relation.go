package schema

// RelationKind is the side of a relation that a field is on.
type RelationKind int

// The kinds of relation.
const (
	// RefOne is the side that holds the foreign key: Prompt.owner: User!.
	RefOne RelationKind = iota + 1
	// BackOne is the inverse of a unique RefOne: User.profile: Profile.
	BackOne
	// BackMany is the inverse of a RefOne: User.prompts: [Prompt!]!.
	BackMany
	// ManyToMany is one side of a relation through a join table: Prompt.labels: [Label!]!.
	ManyToMany
)

// Relation describes a field whose type is another stored type.
type Relation struct {
	Kind   RelationKind
	Target *Type // the type on the other side

	// Columns are the foreign key columns on the holder's table, in the order of References; for RefOne the
	// holder is the field's own type, for BackOne and BackMany it is Target.
	Columns []string
	// References are the key fields that Columns refer to, one for each column; a key field that is itself a
	// reference with several columns is repeated.
	References []*Field
	// Fields are the fields of the same type that hold the key, if @ref(fields:) names them. Columns are then
	// their columns, and the reference adds none.
	Fields []*Field
	// Inverse is the field on the other side; nil if the schema does not declare it.
	Inverse *Field
	// OnDelete is the effect of deleting the referenced row; set for RefOne.
	OnDelete OnDelete

	// For ManyToMany: the join type, its foreign key to the field's own type, and the one to Target.
	Through   *Type
	ThisRef   *Field
	TargetRef *Field
}

// OnDelete is the effect on a row when the row that it refers to is deleted.
type OnDelete string

// The delete rules. T! is RESTRICT and T is SET_NULL unless @ref(onDelete:) says otherwise.
const (
	Restrict OnDelete = "RESTRICT"
	Cascade  OnDelete = "CASCADE"
	SetNull  OnDelete = "SET_NULL"
)

// ReferencedColumns returns the columns that Columns refer to, one for each.
func (r *Relation) ReferencedColumns() []string {
	seen := map[*Field]int{}
	out := make([]string, len(r.Columns))
	for i, ref := range r.References {
		columns := ref.Columns()
		out[i] = columns[min(seen[ref], len(columns)-1)]
		seen[ref]++
	}
	return out
}
