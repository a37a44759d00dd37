package container

import (
	"context"
	"errors"
	"log/slog"

	"github.com/containerd/errdefs"
	"github.com/testcontainers/testcontainers-go"

	"github.com/krowoc/krowoc/internal/fault"
)

// Missing returns the images that the engine does not have yet.
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
		return fault.Wrap("pull the image "+image, err)
	}
	defer func() { err = errors.Join(err, provider.Close()) }()
	if err := provider.PullImage(ctx, image); err != nil {
		return explain(ctx, "pull the image "+image, image, err)
	}
	return nil
}

// announcePull logs that the image will be pulled, if it is missing.
func announcePull(ctx context.Context, o Options) {
	missing, err := Missing(ctx, o.Logger, o.Image)
	if err == nil && len(missing) > 0 { // Start reports the error too
		o.Logger.Info("pulling the image " + o.Image + "; this may take a while")
	}
}
