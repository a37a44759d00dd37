package schema

// RelationKind says which end of a relation a field is.
type RelationKind int

// The kinds of relation.
const (
	// RefOne is the end that holds the foreign key: Prompt.owner: User!.
	RefOne RelationKind = iota + 1
	// BackOne is the other end of a unique RefOne: User.profile: Profile.
	BackOne
	// BackMany is the other end of a RefOne: User.prompts: [Prompt!]!.
	BackMany
	// ManyToMany is one end of a relation through a join table: Prompt.labels: [Label!]!.
	ManyToMany
)

// Relation describes a field whose type is another stored type.
type Relation struct {
	Kind   RelationKind
	Target *Type // the type at the other end

	// Columns are the foreign key columns on the holder's table, in the order of References; for RefOne the
	// holder is the field's own type, for BackOne and BackMany it is Target.
	Columns []string
	// References are the key fields that Columns point at, one for each; a key field that is itself a
	// reference with several columns is repeated.
	References []*Field
	// Fields are the fields of the same type that hold the key, where @ref(fields:) names them: Columns are
	// then theirs, and the reference has none of its own.
	Fields []*Field
	// Inverse is the field at the other end; nil where the schema declares none.
	Inverse *Field
	// OnDelete is what deleting the referenced row does; set for RefOne.
	OnDelete OnDelete

	// For ManyToMany: the join type, its foreign key to the field's own type, and the one to Target.
	Through   *Type
	ThisRef   *Field
	TargetRef *Field
}

// OnDelete is what happens to a row when the row it refers to is deleted.
type OnDelete string

// The delete rules. T! is RESTRICT and T is SET_NULL unless @ref(onDelete:) says otherwise.
const (
	Restrict OnDelete = "RESTRICT"
	Cascade  OnDelete = "CASCADE"
	SetNull  OnDelete = "SET_NULL"
)
