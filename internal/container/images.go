package container

import (
	"context"
	"errors"
	"log/slog"

	"github.com/containerd/errdefs"
	"github.com/testcontainers/testcontainers-go"

	"github.com/krowoc/krowoc/internal/fault"
)

// Missing returns those of some images that the engine does not have yet.
func Missing(ctx context.Context, l *slog.Logger, images ...string) (missing []string, err error) {
	if _, err := engine(ctx, l); err != nil {
		return nil, err
	}
	docker, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err != nil {
		return nil, fault.Wrap("look for images", err)
	}
	defer func() { err = errors.Join(err, docker.Close()) }()
	for _, image := range images {
		_, err := docker.ImageInspect(ctx, image)
		switch {
		case errdefs.IsNotFound(err):
			missing = append(missing, image)
		case err != nil:
			return nil, fault.Wrap("look for the image "+image, err)
		}
	}
	return missing, nil
}

// Fetch pulls an image.
func Fetch(ctx context.Context, l *slog.Logger, image string) (err error) {
	provider, err := testcontainers.NewDockerProvider(testcontainers.WithLogger(logger{l}))
	if err != nil {
		return fault.Wrap("fetch the image "+image, err)
	}
	defer func() { err = errors.Join(err, provider.Close()) }()
	if err := provider.PullImage(ctx, image); err != nil {
		return explain(ctx, "fetch the image "+image, image, err)
	}
	return nil
}

// tellOfFetch says that the image must be fetched first, where it is not there yet.
func tellOfFetch(ctx context.Context, o Options) {
	missing, err := Missing(ctx, o.Logger, o.Image)
	if err == nil && len(missing) > 0 { // an error is that of the start, too
		o.Logger.Info("fetches the image " + o.Image + ", which may take a while")
	}
}
