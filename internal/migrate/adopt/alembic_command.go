package adopt

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
)

// alembicBoth generates the SQL of both directions in one Python: importing Alembic, SQLAlchemy and a project's models takes most of the time.
// Python puts the working directory first on its path for a text, not for the script of Alembic: a folder alembic/ there would hide the package.
const alembicBoth = `import sys
if sys.path[0] == "":
    del sys.path[0]
from alembic.config import main
main(argv=["upgrade", sys.argv[1], "--sql"], prog="alembic")
sys.stdout.flush()
main(argv=["downgrade", sys.argv[2], "--sql"], prog="alembic")
`

// alembicCommands returns the command that generates the SQL of an upgrade and of a downgrade. If the Python of Alembic is not known, these are two.
func alembicCommands(up, down string) ([][]string, error) {
	path, err := exec.LookPath("alembic")
	if err != nil {
		return nil, fault.New(fault.Unavailable, "run alembic", "alembic is not in PATH, and its migrations are Python", "activate the project's Python environment and retry")
	}
	if python := pythonOf(path); len(python) > 0 {
		return [][]string{append(python, "-c", alembicBoth, up, down)}, nil
	}
	return [][]string{{path, "upgrade", up, "--sql"}, {path, "downgrade", down, "--sql"}}, nil
}

// pythonOf returns the Python that runs a script: that in its first line, or that in its folder.
func pythonOf(script string) []string {
	if target, err := filepath.EvalSymlinks(script); err == nil {
		script = target
	}
	if file, err := os.Open(script); err == nil { //nolint:gosec // the user's own Alembic
		line, _ := bufio.NewReader(file).ReadString('\n')
		_ = file.Close()
		if command, ok := strings.CutPrefix(line, "#!"); ok {
			words := strings.Fields(command)
			if n := len(words); n > 0 && strings.HasPrefix(filepath.Base(words[n-1]), "python") {
				return words
			}
		}
	}
	for _, name := range []string{"python", "python3", "python.exe"} {
		if beside, err := exec.LookPath(filepath.Join(filepath.Dir(script), name)); err == nil {
			return []string{beside}
		}
	}
	return nil
}
