-- Conditions and defaults that the expression language cannot say, or would say of other types.
CREATE TABLE shops (id int PRIMARY KEY);
CREATE TABLE orders (
  id int PRIMARY KEY, shop_id int REFERENCES shops, paid_at timestamptz, cancelled_at timestamptz,
  weight float8 CHECK (weight <> 0), height float8 CHECK (height <> 'NaN'), note text DEFAULT E'two\nlines' CHECK (note <> E'a\nb'),
  extra jsonb DEFAULT '{"a": 1}' CHECK (extra <> '{}'), tags text[] CHECK (array_length(tags, 1) = 3),
  CHECK ((paid_at IS NULL) <> (cancelled_at IS NULL)), CONSTRAINT bare CHECK (extra = '{}'), CHECK (CASE WHEN weight > 1 THEN true ELSE false END)
);
CREATE INDEX ON orders (shop_id) WHERE shop_id IS NOT NULL;
CREATE INDEX ON orders (paid_at) WHERE (paid_at IS NULL) = (cancelled_at IS NULL);
