package container

import (
	"context"
	"errors"
	"log/slog"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"

	"github.com/krowoc/krowoc/internal/fault"
)

// Owned is a container or a volume that Krowoc created.
type Owned struct {
	Kind    string `json:"kind"` // container or volume
	Name    string `json:"name"`
	Purpose string `json:"purpose"`
	Running bool   `json:"running,omitempty"`
	Size    int64  `json:"size"` // bytes; -1 if unknown
}

// List returns the containers and volumes with Krowoc's label.
func List(ctx context.Context, l *slog.Logger) (found []Owned, err error) {
	const op = "list the containers"
	if _, err := engine(ctx, l); err != nil {
		return nil, err
	}
	docker, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	defer func() { err = errors.Join(err, docker.Close()) }()
	filters := client.Filters{}.Add("label", Label)
	containers, err := docker.ContainerList(ctx, client.ContainerListOptions{All: true, Size: true, Filters: filters})
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	for _, c := range containers.Items {
		name := c.ID
		if len(c.Names) > 0 {
			name = c.Names[0][1:]
		}
		found = append(found, Owned{"container", name, c.Labels[Label], c.State == "running", c.SizeRw})
	}
	usage, err := docker.DiskUsage(ctx, client.DiskUsageOptions{Volumes: true, Verbose: true})
	if err != nil {
		return nil, fault.Wrap("list the volumes", err)
	}
	for _, v := range usage.Volumes.Items {
		purpose, ours := v.Labels[Label]
		if !ours {
			continue
		}
		size := int64(-1)
		if v.UsageData != nil {
			size = v.UsageData.Size
		}
		found = append(found, Owned{Kind: "volume", Name: v.Name, Purpose: purpose, Size: size})
	}
	return found, nil
}

// Remove removes containers and volumes. One that no longer exists is not an error.
func Remove(ctx context.Context, l *slog.Logger, list ...Owned) (err error) {
	if len(list) == 0 {
		return nil
	}
	if _, err := engine(ctx, l); err != nil {
		return err
	}
	docker, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err != nil {
		return fault.Wrap("connect to a Docker engine", err)
	}
	defer func() { err = errors.Join(err, docker.Close()) }()
	var errs []error
	for _, kind := range []string{"container", "volume"} { // a volume in use cannot be removed
		for _, o := range list {
			if o.Kind != kind {
				continue
			}
			if o.Kind == "container" {
				_, err = docker.ContainerRemove(ctx, o.Name, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
			} else {
				_, err = docker.VolumeRemove(ctx, o.Name, client.VolumeRemoveOptions{})
			}
			if err != nil && !errdefs.IsNotFound(err) {
				errs = append(errs, fault.Wrap("remove the "+o.Kind+" "+o.Name, err))
			}
		}
	}
	return errors.Join(errs...)
}
