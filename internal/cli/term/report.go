package term

import (
	"fmt"
	"io"
	"strings"
)

// The forms in which CI systems read what a check found.
const (
	SARIF  Format = "sarif"  // for code scanning
	GitHub Format = "github" // annotations of a pull request

	Markdown Format = "markdown" // a comment on one
)

// Remark is something that a check found in a file.
type Remark struct {
	Rule, Level  string // the level is error, warning or info
	File         string
	Line, Column int
	Message      string
}

// RemarkRule says what a rule looks for.
type RemarkRule struct{ ID, Level, Summary, Help string }

// githubLevels are the commands that GitHub has for the levels.
var githubLevels = map[string]string{"error": "error", "warning": "warning", "info": "notice"}

// WriteGitHub writes remarks as commands of GitHub's runner
// (https://docs.github.com/actions/reference/workflow-commands-for-github-actions).
func WriteGitHub(w io.Writer, remarks []Remark) error {
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	for _, r := range remarks {
		if _, err := fmt.Fprintf(w, "::%s file=%s,line=%d,col=%d,title=%s::%s\n", githubLevels[r.Level], property.Replace(r.File), r.Line, r.Column,
			property.Replace(r.Rule), data.Replace(r.Message)); err != nil {
			return err
		}
	}
	return nil
}

// sarifLevels are SARIF's words for the levels.
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

// WriteSARIF writes remarks as a log of SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/).
func WriteSARIF(w io.Writer, version string, rules []RemarkRule, remarks []Remark) error {
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
	for _, remark := range remarks {
		var at sarifLocation
		at.Physical.Artifact.URI = remark.File
		at.Physical.Region = sarifRegion{remark.Line, remark.Column}
		r.Results = append(r.Results, sarifResult{remark.Rule, sarifLevels[remark.Level], sarifText{remark.Message}, []sarifLocation{at}})
	}
	return writeJSON(w, struct {
		Schema  string `json:"$schema"`
		Version string `json:"version"`
		Runs    []run  `json:"runs"`
	}{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []run{r}})
}
