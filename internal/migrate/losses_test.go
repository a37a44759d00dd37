package migrate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/krowoc/krowoc/internal/migrate"
)

func TestLosses(t *testing.T) {
	p := newProject(t, "1_a.sql", `-- +goose Up
CREATE TABLE a (x int, y int, "Zed" int, w int NOT NULL DEFAULT 0 CONSTRAINT c CHECK (w = 0));
CREATE TABLE "B" (x int);
CREATE TABLE empty (x int);
INSERT INTO a VALUES (1, 1, 1), (2, 2, NULL), (3, NULL, NULL);
INSERT INTO "B" VALUES (1);
-- +goose Down
ALTER TABLE a DROP y, DROP COLUMN IF EXISTS "Zed", DROP CONSTRAINT c, ALTER w DROP NOT NULL, ALTER COLUMN w DROP DEFAULT;
ALTER TABLE a DROP COLUMN never_was;
DROP TABLE IF EXISTS "B", empty, nowhere CASCADE;
DELETE FROM "B" WHERE x > 1;
TRUNCATE TABLE ONLY a;
`)
	p.up()
	m := p.migrator(func(o *migrate.Options) { o.DryRun = true })
	dry, err := m.Down(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.Losses(t.Context(), dry)
	if err != nil {
		t.Fatal(err)
	}
	want := []migrate.Loss{{"a", "y", 2}, {"a", `"Zed"`, 1}, {`"B"`, "", 1}, {"a", "", 3}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
