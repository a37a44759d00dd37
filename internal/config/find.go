package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
)

// FileName is the name of the configuration file, which also marks the project folder.
const FileName = "krowoc.yaml"

// Find returns the path of the krowoc.yaml of dir or of the nearest folder above it, as git finds .git.
func Find(dir string) (string, error) {
	const op = "find " + FileName
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fault.Wrap(op, err)
	}
	var looked []string
	for at := dir; ; at = filepath.Dir(at) {
		file := filepath.Join(at, FileName)
		switch _, err := os.Stat(file); {
		case err == nil:
			return file, nil
		case !errors.Is(err, fs.ErrNotExist):
			return "", &fault.Error{Code: fault.Invalid, Op: op, Hint: "check that the folder exists and that you can read it", Err: err}
		}
		looked = append(looked, at)
		if at == filepath.Dir(at) {
			break
		}
	}
	return "", fault.New(fault.NotFound, op, "not found in "+strings.Join(looked, ", "),
		"run krowoc inside a project, or pass its folder with -C DIR")
}

// read returns the text of krowoc.yaml.
func read(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", &fault.Error{Code: fault.Invalid, Op: "read " + FileName, Err: err,
			Hint: "krowoc.yaml must be a readable file"}
	}
	return string(text), nil
}
