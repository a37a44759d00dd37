package generatecmd

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/generate"
)

// quietFor is how long the schema must stay unchanged before it is read, because editors save in several steps.
const quietFor = 50 * time.Millisecond

// watch generates now, and again whenever the schema is saved. An invalid schema is reported, and the last files are kept.
func watch(ctx context.Context, f *factory.Factory, a *app.App, jobs []generate.Job, o flags) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fault.Wrap("watch the schema", err)
	}
	defer func() { _ = w.Close() }()
	// Watch the folder, because editors replace the file by a new one.
	folder := a.Config.Path(a.Config.Schema)
	if info, err := os.Stat(folder); (err != nil) || !info.IsDir() {
		folder = filepath.Dir(folder)
	}
	if err := w.Add(folder); err != nil {
		return fault.Wrap("watch "+folder, err)
	}
	once := func() {
		if err := writeFiles(f, a, jobs, o); err != nil {
			f.Term.Error(err)
		}
	}
	once()
	timer := time.NewTimer(0)
	<-timer.C
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-w.Errors:
			return fault.Wrap("watch the schema", err)
		case e := <-w.Events:
			if filepath.Ext(e.Name) == ".graphql" {
				timer.Reset(quietFor)
			}
		case <-timer.C:
			once()
		}
	}
}
