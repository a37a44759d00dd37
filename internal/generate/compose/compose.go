// Package compose writes docker-compose.yml with the services of the development stack, for people who would rather run those.
package compose

import (
	"bytes"
	"fmt"

	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/generate"
)

// Service is a service of the stack.
type Service struct {
	Name        string            `yaml:"-"`
	Image       string            `yaml:"image"`
	Command     []string          `yaml:"command,omitempty,flow"`
	Environment map[string]string `yaml:"environment,omitempty"`
	Ports       []string          `yaml:"ports,omitempty"`
	Volumes     []string          `yaml:"volumes,omitempty"`
	HealthCheck *HealthCheck      `yaml:"healthcheck,omitempty"`
}

// HealthCheck says when a service is ready.
type HealthCheck struct {
	Test     []string `yaml:"test,flow"`
	Interval string   `yaml:"interval"`
	Retries  int      `yaml:"retries"`
}

// Target returns the target.
func Target(services []Service) generate.Target {
	return generate.Target{
		Name: "compose", Out: "docker-compose.yml", Doc: "docker-compose.yml with the services of the development stack",
		Files: func(in generate.Input) ([]generate.File, error) { return files(in, services) },
	}
}

func files(in generate.Input, services []Service) ([]generate.File, error) {
	list, volumes := &yaml.Node{Kind: yaml.MappingNode}, &yaml.Node{Kind: yaml.MappingNode}
	for _, s := range services {
		var node yaml.Node
		if err := node.Encode(s); err != nil {
			return nil, err
		}
		list.Content = append(list.Content, scalar(s.Name), &node)
		if len(s.Volumes) > 0 {
			volumes.Content = append(volumes.Content, scalar(s.Name), &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle})
		}
	}
	root := &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{scalar("name"), scalar(in.Project), scalar("services"), list}}
	if len(volumes.Content) > 0 {
		root.Content = append(root.Content, scalar("volumes"), volumes)
	}
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(root); err != nil {
		return nil, fmt.Errorf("write YAML: %w", err)
	}
	return []generate.File{{Content: b.Bytes()}}, nil
}

func scalar(text string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: text} }
