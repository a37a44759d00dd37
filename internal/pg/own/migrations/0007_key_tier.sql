-- The tier of an API key, which counts in rules as the tier of a token does. A tier alone is enough for a key.
ALTER TABLE krowoc.api_keys ADD COLUMN tier text NOT NULL DEFAULT '';
ALTER TABLE krowoc.api_keys DROP CONSTRAINT api_keys_check;
ALTER TABLE krowoc.api_keys ADD CONSTRAINT api_keys_check CHECK (service OR uid <> '' OR cardinality(roles) > 0 OR tier <> '');
