package config

import (
	"strings"

	"github.com/krowoc/krowoc/internal/diag"
)

// Variables of OpenTelemetry that turn the others off.
const (
	otelDisabled = "OTEL_SDK_DISABLED"
	otelExporter = "OTEL_TRACES_EXPORTER"
	otelProtocol = "OTEL_EXPORTER_OTLP_PROTOCOL"
	otelTraces   = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"
)

// fromStandard returns what the standard variables of OpenTelemetry set. Platforms set them for all programs, so that a value that is of no
// use here is a warning, and not a mistake.
//
// See https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/.
func (l *loader) fromStandard() layer {
	out := layer{}
	if text, _ := l.variable(otelDisabled); strings.EqualFold(text, "true") {
		return out
	}
	for _, k := range keys {
		for _, name := range k.Standard {
			text, _ := l.variable(name)
			if text == "" || (k.Path == "telemetry.traces.endpoint" && !l.canExport(name)) {
				continue
			}
			origin := Origin{Source: FromVariable, Name: name}
			if _, process := l.variables[name]; !process {
				origin.File, origin.Line = dotenvFile, l.dotenv[name].line
			}
			value, err := k.parse(text)
			if err != nil {
				l.warnStandard(name, k.Path+" "+asBadValue(err).want)
				continue
			}
			out[k.Path] = setting{value: value, origin: origin}
			break
		}
	}
	return out
}

// canExport reports whether the variables allow to send traces by OTLP over HTTP.
func (l *loader) canExport(name string) bool {
	exporter, _ := l.variable(otelExporter)
	if exporter != "" && exporter != "otlp" {
		return false
	}
	protocol, _ := l.variable(otelTraces)
	if protocol == "" {
		protocol, _ = l.variable(otelProtocol)
	}
	if protocol != "grpc" {
		return true
	}
	l.warnStandard(name, "traces are not sent, because the protocol grpc is not supported")
	return false
}

func (l *loader) warnStandard(name, message string) {
	l.mistakes = append(l.mistakes, diag.Diagnostic{Severity: diag.Warning, Code: "standard-variable", Position: diag.Position{File: name},
		Message: message, Remedy: "set telemetry.traces.endpoint to a URL for OTLP over HTTP, usually port 4318"})
}
