package compose_test

import (
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/google/go-cmp/cmp"

	"github.com/krowoc/krowoc/internal/generate"
	"github.com/krowoc/krowoc/internal/generate/compose"
)

func TestFile(t *testing.T) {
	files, err := compose.Target([]compose.Service{
		{
			Name: "postgres", Image: "postgres:17", Environment: map[string]string{"POSTGRES_PASSWORD": "a$b"}, Ports: []string{"127.0.0.1:5432:5432"},
			Volumes: []string{"postgres:/var/lib/postgresql/data"}, HealthCheck: &compose.HealthCheck{Test: []string{"CMD", "pg_isready"}, Interval: "1s", Retries: 30},
		},
		{Name: "once", Image: "busybox", Command: compose.Command{"sh", "-c", "echo\n$HOME"}, DependsOn: map[string]compose.Condition{"postgres": {Condition: "service_healthy"}}},
	}).Files(generate.Input{Project: "shop"})
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	var got map[string]any
	if err := yaml.Unmarshal(files[0].Content, &got); err != nil {
		t.Fatalf("%v\n%s", err, files[0].Content)
	}
	want := map[string]any{
		"name": "shop",
		"services": map[string]any{
			"postgres": map[string]any{
				"image": "postgres:17", "environment": map[string]any{"POSTGRES_PASSWORD": "a$$b"}, "ports": []any{"127.0.0.1:5432:5432"},
				"volumes": []any{"postgres:/var/lib/postgresql/data"}, "healthcheck": map[string]any{"test": []any{"CMD", "pg_isready"}, "interval": "1s", "retries": 30},
			},
			"once": map[string]any{
				"image": "busybox", "command": []any{"sh", "-c", "echo\n$$HOME"}, "depends_on": map[string]any{"postgres": map[string]any{"condition": "service_healthy"}},
			},
		},
		"volumes": map[string]any{"postgres": map[string]any{}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
