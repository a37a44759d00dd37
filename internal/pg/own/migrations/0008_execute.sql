-- The server calls these functions, whatever the default privileges of the database keep from everybody.
GRANT EXECUTE ON FUNCTION krowoc.blind_index(text), krowoc.api_key(bytea), krowoc.use_api_key(bytea) TO PUBLIC;
