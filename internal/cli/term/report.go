package term

import (
	"fmt"
	"io"
	"strings"

	"github.com/krowoc/krowoc/internal/diag"
)

// The formats of findings that CI systems read.
const (
	SARIF  Format = "sarif"  // for code scanning
	GitHub Format = "github" // annotations on a pull request

	Markdown Format = "markdown" // a comment on a pull request
)

// Rule describes a rule. Its ID is the code of its findings.
type Rule struct{ ID, Level, Summary, Help string }

// githubLevels are GitHub's commands for severities.
var githubLevels = map[diag.Severity]string{diag.Error: "error", diag.Warning: "warning", diag.Info: "notice"}

// WriteGitHub writes findings as workflow commands of GitHub Actions
// (https://docs.github.com/actions/reference/workflow-commands-for-github-actions).
func WriteGitHub(w io.Writer, findings []diag.Diagnostic) error {
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	for _, f := range findings {
		if _, err := fmt.Fprintf(w, "::%s file=%s,line=%d,col=%d,title=%s::%s\n", githubLevels[f.Severity], property.Replace(f.File), max(f.Line, 1),
			max(f.Column, 1), property.Replace(f.Code), data.Replace(f.Message)); err != nil {
			return err
		}
	}
	return nil
}

// sarifLevels are SARIF's names of levels.
var sarifLevels = map[string]string{"error": "error", "warning": "warning", "info": "note", "off": "none"}

type sarifText struct {
	Text string `json:"text"`
}

type sarifRule struct {
	ID            string    `json:"id"`
	Short         sarifText `json:"shortDescription"`
	Help          sarifText `json:"help"`
	Configuration struct {
		Level string `json:"level"`
	} `json:"defaultConfiguration"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn"`
}

type sarifLocation struct {
	Physical struct {
		Artifact struct {
			URI string `json:"uri"`
		} `json:"artifactLocation"`
		Region sarifRegion `json:"region"`
	} `json:"physicalLocation"`
}

type sarifResult struct {
	RuleID    string          `json:"ruleId"`
	Level     string          `json:"level"`
	Message   sarifText       `json:"message"`
	Locations []sarifLocation `json:"locations"`
}

// WriteSARIF writes findings as a log of SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/).
func WriteSARIF(w io.Writer, version string, rules []Rule, findings []diag.Diagnostic) error {
	type driver struct {
		Name    string      `json:"name"`
		Version string      `json:"semanticVersion,omitempty"`
		URI     string      `json:"informationUri"`
		Rules   []sarifRule `json:"rules"`
	}
	type run struct {
		Tool struct {
			Driver driver `json:"driver"`
		} `json:"tool"`
		Results    []sarifResult `json:"results"`
		ColumnKind string        `json:"columnKind"`
	}
	r := run{Results: []sarifResult{}, ColumnKind: "unicodeCodePoints"}
	r.Tool.Driver = driver{Name: "krowoc", Version: version, URI: "https://github.com/krowoc/krowoc", Rules: []sarifRule{}}
	for _, rule := range rules {
		s := sarifRule{ID: rule.ID, Short: sarifText{rule.Summary}, Help: sarifText{rule.Help}}
		s.Configuration.Level = sarifLevels[rule.Level]
		r.Tool.Driver.Rules = append(r.Tool.Driver.Rules, s)
	}
	for _, f := range findings {
		var at sarifLocation
		at.Physical.Artifact.URI = f.File
		at.Physical.Region = sarifRegion{max(f.Line, 1), max(f.Column, 1)}
		r.Results = append(r.Results, sarifResult{f.Code, sarifLevels[string(f.Severity)], sarifText{f.Message}, []sarifLocation{at}})
	}
	return writeJSON(w, struct {
		Schema  string `json:"$schema"`
		Version string `json:"version"`
		Runs    []run  `json:"runs"`
	}{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []run{r}})
}
