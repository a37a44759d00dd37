package pydantic

// keywords of Python 3.12, soft ones included (https://docs.python.org/3/reference/lexical_analysis.html#keywords), and builtins that
// annotations use.
const keywords = `False None True and as assert async await break class continue def del elif else except finally for from global if
	import in is lambda nonlocal not or pass raise return try while with yield match case type
	str int float bool bytes list object property super isinstance format print`

// attributes are the attributes of BaseModel.
const attributes = `copy dict json schema schema_json validate construct parse_obj parse_raw parse_file from_orm update_forward_refs
	model_config model_fields model_computed_fields model_extra model_fields_set model_construct model_copy model_dump model_dump_json
	model_json_schema model_parametrized_name model_post_init model_rebuild model_validate model_validate_json model_validate_strings`

// stringMethods are the methods of str, which a member of a StrEnum would hide.
const stringMethods = `capitalize casefold center count encode endswith expandtabs find format_map index isalnum isalpha isascii isdecimal
	isdigit isidentifier islower isnumeric isprintable isspace istitle isupper join ljust lower lstrip maketrans partition removeprefix
	removesuffix replace rfind rindex rjust rpartition rsplit rstrip split splitlines startswith strip swapcase title translate upper zfill`
