// Package compose writes docker-compose.yml with the services of the development stack, for use without krowoc dev.
package compose

import (
	"bytes"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/generate"
)

// Service is a service of the stack.
type Service struct {
	Name        string               `yaml:"-"`
	Image       string               `yaml:"image"`
	User        string               `yaml:"user,omitempty"`
	Command     Command              `yaml:"command,omitempty"`
	Environment map[string]string    `yaml:"environment,omitempty"`
	Ports       []string             `yaml:"ports,omitempty"`
	Volumes     []string             `yaml:"volumes,omitempty"`
	HealthCheck *HealthCheck         `yaml:"healthcheck,omitempty"`
	DependsOn   map[string]Condition `yaml:"depends_on,omitempty"`
}

// Command is the arguments of an image's entrypoint.
type Command []string

// MarshalYAML writes the arguments on one line, unless one of them has several lines.
func (c Command) MarshalYAML() (any, error) {
	list := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, argument := range c {
		node := &yaml.Node{}
		node.SetString(argument)
		if node.Style == yaml.LiteralStyle {
			list.Style = 0
		}
		list.Content = append(list.Content, node)
	}
	return list, nil
}

// Condition is the state that another service must have first.
type Condition struct {
	Condition string `yaml:"condition"`
}

// HealthCheck determines when a service is ready.
type HealthCheck struct {
	Test     []string `yaml:"test,flow"`
	Interval string   `yaml:"interval"`
	Retries  int      `yaml:"retries"`
}

// Target returns the target for Docker Compose.
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
		if err := node.Encode(s.escaped()); err != nil {
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

// escaped returns the service with every $ doubled: Compose would replace its own variables otherwise.
func (s Service) escaped() Service {
	escape := func(text string) string { return strings.ReplaceAll(text, "$", "$$") }
	command, env := s.Command, s.Environment
	s.Command, s.Environment = nil, map[string]string{}
	for _, argument := range command {
		s.Command = append(s.Command, escape(argument))
	}
	for name, value := range env {
		s.Environment[name] = escape(value)
	}
	return s
}

func scalar(text string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: text} }
