package adopt

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
)

var (
	alembicRevision = regexp.MustCompile(`(?m)^revision\b[^=\n]*=\s*['"]([^'"]+)['"]`)
	alembicDown     = regexp.MustCompile(`(?ms)^down_revision\b[^=\n]*=\s*(None\b|['"][^'"\n]+['"]|[(\[].*?[)\]])`)
	alembicNeeds    = regexp.MustCompile(`(?ms)^depends_on\b[^=\n]*=\s*(None\b|['"][^'"\n]+['"]|[(\[{].*?[)\]}])`)
	alembicLabels   = regexp.MustCompile(`(?ms)^branch_labels\b[^=\n]*=\s*(None\b|['"][^'"\n]+['"]|[(\[{].*?[)\]}])`)
	alembicMessage  = regexp.MustCompile(`^(?:[0-9a-zA-Z-]+_)?(.*)\.py$`)
	pythonString    = regexp.MustCompile(`['"]([^'"\n]+)['"]`)
)

// revisionsIn reads what the files of some folders say about the history. Their SQL needs Python.
func revisionsIn(folders []string) (history, error) {
	revisions := history{}
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*.py"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			id, down := alembicRevision.FindSubmatch(text), alembicDown.FindSubmatch(text)
			if id == nil || down == nil {
				continue
			}
			r := revision{id: string(id[1]), down: pythonStrings(down), needs: pythonStrings(alembicNeeds.FindSubmatch(text)), labels: pythonStrings(alembicLabels.FindSubmatch(text))}
			if m := alembicMessage.FindStringSubmatch(filepath.Base(file)); m != nil {
				r.name = m[1]
			}
			revisions[r.id] = r
		}
	}
	revisions.resolve()
	return revisions, nil
}

// pythonStrings returns the strings in a value, which is the first group of a match.
func pythonStrings(match [][]byte) (list []string) {
	if match == nil {
		return nil
	}
	for _, one := range pythonString.FindAllSubmatch(match[1], -1) {
		list = append(list, string(one[1]))
	}
	return list
}

// alembicFolders returns the folders of the revisions: script_location/versions, or version_locations, of alembic.ini or pyproject.toml.
func alembicFolders(dir string) ([]string, error) {
	settings, file, err := alembicSettings(dir)
	if err != nil {
		return nil, err
	}
	location := settings["script_location"]
	if location == "" {
		return nil, fault.New(fault.Invalid, "", file+" has no script_location", "set it to the folder that contains env.py")
	}
	found := []string{filepath.Join(alembicPath(dir, location), "versions")}
	if list := settings["version_locations"]; list != "" {
		found = nil
		for _, one := range strings.FieldsFunc(list, alembicSeparator(settings)) {
			if one = strings.TrimSpace(one); one != "" {
				found = append(found, alembicPath(dir, one))
			}
		}
	}
	for _, folder := range found {
		if info, err := os.Stat(folder); err != nil || !info.IsDir() {
			return nil, &fault.Error{Code: fault.NotFound, Message: "the folder of the revisions does not exist: " + folder, Hint: "check script_location in " + file, Err: err}
		}
	}
	return found, nil
}

// alembicSettings reads the section of Alembic: [alembic] of alembic.ini, or [tool.alembic] of pyproject.toml.
func alembicSettings(dir string) (settings map[string]string, file string, err error) {
	for _, source := range []struct{ file, section string }{{"alembic.ini", "[alembic]"}, {"pyproject.toml", "[tool.alembic]"}} {
		text, err := os.ReadFile(filepath.Join(dir, source.file))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return nil, "", err
		}
		if found := section(string(text), source.section, dir); len(found) > 0 {
			return found, source.file, nil
		}
		file = source.file
	}
	if file == "" {
		return nil, "", fault.New(fault.NotFound, "", dir+" has no alembic.ini", "pass the folder that contains alembic.ini, or pyproject.toml with the section [tool.alembic]")
	}
	return nil, "", fault.New(fault.Invalid, "", file+" has no settings of alembic", "pass the folder that contains alembic.ini, or pyproject.toml with the section [tool.alembic]")
}

// section reads the settings of a section. The lines after a setting that are indented, or within brackets, belong to it.
func section(text, name, dir string) map[string]string {
	settings := map[string]string{}
	within, last, open := false, "", false
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		isIndented := (trimmed != "") && (line[0] == ' ' || line[0] == '\t')
		if open || (last != "" && isIndented) {
			settings[last] += "\n" + trimmed
			open = open && !strings.HasSuffix(trimmed, "]")
			continue
		}
		at := strings.IndexAny(trimmed, "=:")
		switch {
		case trimmed == "" || strings.HasPrefix(trimmed, "#") || strings.HasPrefix(trimmed, ";"):
		case strings.HasPrefix(trimmed, "["):
			within, last = trimmed == name, ""
		case within && at > 0:
			last = strings.TrimSpace(trimmed[:at])
			settings[last] = strings.TrimSpace(trimmed[at+1:])
			open = strings.HasPrefix(settings[last], "[") && !strings.HasSuffix(settings[last], "]")
		}
	}
	for key, value := range settings {
		settings[key] = strings.NewReplacer("%(here)s", dir, "%%", "%").Replace(unquoted(value))
	}
	return settings
}

// unquoted returns a value without the quotes of TOML. The elements of a list become lines.
func unquoted(value string) string {
	if strings.HasPrefix(value, "[") {
		var list []string
		for _, m := range pythonString.FindAllStringSubmatch(value, -1) {
			list = append(list, m[1])
		}
		return strings.Join(list, "\n")
	}
	for _, quote := range []string{`"`, "'"} {
		inner, opens := strings.CutPrefix(value, quote)
		if inner, closes := strings.CutSuffix(inner, quote); opens && closes {
			return inner
		}
	}
	return value
}

// alembicSeparator returns what separates version_locations. Without a setting, old releases use spaces and commas.
func alembicSeparator(settings map[string]string) func(rune) bool {
	separator := settings["path_separator"]
	if separator == "" {
		separator = settings["version_path_separator"]
	}
	switch separator {
	case "os":
		return func(r rune) bool { return r == os.PathListSeparator || r == '\n' }
	case ":", ";":
		return func(r rune) bool { return string(r) == separator || r == '\n' }
	case "newline":
		return func(r rune) bool { return r == '\n' }
	}
	return func(r rune) bool { return r == ' ' || r == ',' || r == '\n' }
}

// alembicPath returns the folder of a location, which is a path, or a path in a Python package such as shop.db:migrations.
func alembicPath(dir, location string) string {
	if filepath.IsAbs(location) {
		return location
	}
	if pkg, rest, ok := strings.Cut(location, ":"); ok {
		location = filepath.Join(strings.ReplaceAll(pkg, ".", "/"), rest)
		if in := filepath.Join(dir, "src", location); isFolder(in) {
			return in
		}
	}
	return filepath.Join(dir, location)
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
