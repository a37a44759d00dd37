package adopt

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
)

// readGolangMigrate reads 000001_name.up.sql and 000001_name.down.sql
// (https://github.com/golang-migrate/migrate/blob/master/MIGRATIONS.md).
func readGolangMigrate(fsys fs.FS) (list []Migration, err error) {
	names, err := fs.Glob(fsys, "*.up.sql")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		stem := strings.TrimSuffix(name, ".up.sql")
		digits, rest, ok := numbered(stem)
		if !ok {
			continue
		}
		m := Migration{Origin: strings.TrimLeft(digits, "0"), Name: rest, number: digits}
		if m.up, err = text(fsys, name); err != nil {
			return nil, err
		}
		if m.down, err = textIfThere(fsys, stem+".down.sql"); err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return byNumber(list), nil
}

var dbmateSection = regexp.MustCompile(`(?m)^--\s*migrate:(up|down)(.*)$`)

// readDbmate reads files with the sections migrate:up and migrate:down (https://github.com/amacneil/dbmate).
func readDbmate(fsys fs.FS) (list []Migration, err error) {
	names, err := fs.Glob(fsys, "*.sql")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		digits, rest, ok := numbered(strings.TrimSuffix(name, ".sql"))
		if !ok {
			continue
		}
		all, err := text(fsys, name)
		if err != nil {
			return nil, err
		}
		m := Migration{Origin: digits, Name: rest, number: digits}
		sections := dbmateSection.FindAllStringSubmatchIndex(all, -1)
		for i, at := range sections {
			end := len(all)
			if i+1 < len(sections) {
				end = sections[i+1][0]
			}
			body := all[at[1]:end]
			if all[at[2]:at[3]] == "up" {
				m.up = body
			} else {
				m.down = body
			}
			m.noTx = m.noTx || strings.Contains(all[at[4]:at[5]], "transaction:false")
		}
		if len(sections) == 0 {
			return nil, fault.New(fault.Invalid, "", name+" has no line `-- migrate:up`")
		}
		list = append(list, m)
	}
	return byNumber(list), nil
}

// readPrisma reads folders with a migration.sql (https://www.prisma.io/docs/orm/prisma-migrate), and the
// down.sql that some projects keep in the same folder.
func readPrisma(fsys fs.FS) (list []Migration, err error) {
	names, err := fs.Glob(fsys, "*/migration.sql")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		folder := path.Dir(name)
		digits, rest, _ := numbered(folder)
		m := Migration{Origin: folder, Name: cmp.Or(rest, folder), number: digits}
		if m.up, err = text(fsys, name); err != nil {
			return nil, err
		}
		if m.down, err = textIfThere(fsys, folder+"/down.sql"); err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil // by name, as Prisma runs them
}

var atlasNoTransaction = regexp.MustCompile(`(?m)^--\s*atlas:txmode\s+none\s*$`)

// readAtlas reads plain SQL files (https://atlasgo.io/concepts/migration-directory-integrity).
func readAtlas(fsys fs.FS) (list []Migration, err error) {
	names, err := fs.Glob(fsys, "*.sql")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		digits, rest, ok := numbered(strings.TrimSuffix(name, ".sql"))
		if !ok {
			continue
		}
		m := Migration{Origin: digits, Name: rest, number: digits}
		if m.up, err = text(fsys, name); err != nil {
			return nil, err
		}
		m.noTx = atlasNoTransaction.MatchString(m.up)
		list = append(list, m)
	}
	return list, nil // by name, as Atlas runs them
}

var flywayFile = regexp.MustCompile(`^([VUR])([0-9._]*)__(.*)\.sql$`)

// readFlyway reads versioned, undo and repeatable migrations; the last come at the end, as Flyway runs them
// (https://documentation.red-gate.com/fd/migrations-184127470.html).
func readFlyway(fsys fs.FS, settings ...fs.FS) (list []Migration, err error) {
	names, err := fs.Glob(fsys, "*.sql")
	if err != nil {
		return nil, err
	}
	undo := map[string]string{}
	var repeatable []Migration
	var unfilled []string
	for _, name := range names {
		parts := flywayFile.FindStringSubmatch(name)
		if parts == nil {
			continue
		}
		body, err := text(fsys, name)
		if err != nil {
			return nil, err
		}
		unfilled = append(unfilled, placeholders(fsys, name, body)...)
		version := strings.ReplaceAll(parts[2], "_", ".")
		m := Migration{Origin: version, Name: parts[3], up: body}
		switch parts[1] {
		case "V":
			if _, err := strconv.ParseUint(version, 10, 63); err == nil {
				m.number = version
			}
			list = append(list, m)
		case "U":
			undo[version] = body
		case "R":
			m.Origin = "R:" + strings.ReplaceAll(parts[3], "_", " ")
			m.note = name + " is repeatable in Flyway, and runs once here: put a later change of it in a new migration"
			repeatable = append(repeatable, m)
		}
	}
	if err := checkPlaceholders(unfilled, append([]fs.FS{fsys}, settings...)); err != nil {
		return nil, err
	}
	slices.SortStableFunc(list, func(a, b Migration) int { return compareVersions(a.Origin, b.Origin) })
	for i := range list {
		list[i].down = undo[list[i].Origin]
	}
	for i, m := range repeatable {
		if n := len(list); n > 0 && list[n-1].number != "" {
			last, err := strconv.ParseUint(list[n-1].number, 10, 63)
			if err != nil {
				return nil, err
			}
			m.number = fmt.Sprintf("%0*d", len(list[n-1].number), last+1)
		}
		repeatable[i] = m
		list = append(list, m)
	}
	return list, nil
}

// compareVersions orders 1.2 before 1.10.
func compareVersions(a, b string) int {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(x), len(y)) {
		number := func(parts []string) int {
			if i >= len(parts) {
				return 0
			}
			n, _ := strconv.Atoi(parts[i])
			return n
		}
		if order := cmp.Compare(number(x), number(y)); order != 0 {
			return order
		}
	}
	return 0
}

func text(fsys fs.FS, name string) (string, error) {
	b, err := fs.ReadFile(fsys, name)
	return string(b), err
}

func textIfThere(fsys fs.FS, name string) (string, error) {
	if _, err := fs.Stat(fsys, name); err != nil {
		return "", nil //nolint:nilerr // the file is optional
	}
	return text(fsys, name)
}
