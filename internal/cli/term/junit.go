package term

import (
	"encoding/xml"
	"io"
	"strings"
)

// JUnit is the format of test reports that CI systems read.
const JUnit Format = "junit"

// TestCase is one case of a JUnit report. A case with a Failure failed.
type TestCase struct {
	Name, File string
	Seconds    float64
	Failure    string // its first line is the message
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	File    string        `xml:"file,attr,omitempty"`
	Class   string        `xml:"classname,attr"`
	Time    float64       `xml:"time,attr"`
	Failure *junitFailure `xml:"failure,omitempty"`
}

type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitSuites struct {
	XMLName xml.Name     `xml:"testsuites"`
	Suites  []junitSuite `xml:"testsuite"`
}

// WriteJUnit writes a suite as JUnit XML, according to the schema of the Jenkins xUnit plugin.
func WriteJUnit(w io.Writer, suite string, cases []TestCase) error {
	out := junitSuite{Name: suite, Tests: len(cases)}
	for _, c := range cases {
		one := junitCase{Name: c.Name, File: c.File, Class: suite, Time: c.Seconds}
		if c.Failure != "" {
			out.Failures++
			first, _, _ := strings.Cut(c.Failure, "\n")
			one.Failure = &junitFailure{Message: first, Text: c.Failure}
		}
		out.Cases = append(out.Cases, one)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(junitSuites{Suites: []junitSuite{out}}); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
