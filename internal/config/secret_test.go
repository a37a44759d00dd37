package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/config"
)

func TestSecretIsMaskedInEveryForm(t *testing.T) {
	secret := config.NewSecret("postgres://ada:hunter2@db:5432/shop?sslmode=require&sslpassword=hunter2")
	const want = "postgres://ada:***@db:5432/shop?sslmode=require&sslpassword=***"
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "url", secret)
	encoded, err := json.Marshal(map[string]any{"url": secret})
	if err != nil {
		t.Fatal(err)
	}
	for form, got := range map[string]string{
		"String": secret.String(), "%v": fmt.Sprintf("%v", secret), "%+v": fmt.Sprintf("%+v", struct{ S config.Secret }{secret}),
		"%#v": fmt.Sprintf("%#v", secret), "%s": fmt.Sprintf("%s", secret), "%q": fmt.Sprintf("%q", &secret), "%x": fmt.Sprintf("%x", secret),
		"log": log.String(), "JSON": strings.ReplaceAll(string(encoded), `\u0026`, "&"),
	} {
		if strings.Contains(got, "hunter2") || (form != "log" && !strings.Contains(got, want)) {
			t.Errorf("%s: %s", form, got)
		}
	}
	if secret.Reveal() == want {
		t.Error("Reveal returns the text itself")
	}
}

func TestSecretShowsOnlyWhatIsSurelyNoSecret(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "",
		"postgres://db/shop":             "postgres://db/shop",
		"postgres://ada@db/shop":         "postgres://ada@db/shop",
		"postgres:///shop?host=/run/pg":  "postgres:///shop?host=%2Frun%2Fpg",
		"postgres:hunter2":               "***",
		"http://llm/?api_key=hunter2":    "http://llm/?api_key=***",
		"host=db password=hunter2":       "***",
		"postgres://ada:12/hunter2@db/d": "***",
		"postgres://ada:hun%zzter@db/d":  "***",
		"postgres://ada:a@hunter2@db/d":  "postgres://ada:***@db/d",
		"sk-hunter2":                     "***",
	} {
		if got := config.NewSecret(text).String(); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}

func TestSettingsMaskSecrets(t *testing.T) {
	c := mustLoad(t, "database: {url: 'postgres://ada:hunter2@db/d'}\nhealth: {urls: [{name: a, url: 'http://u:hunter2@h/'}]}\n", config.Options{})
	shown := fmt.Sprintf("%v %+v", c.Settings(), c.Database)
	if strings.Contains(shown, "hunter2") || !strings.Contains(shown, "postgres://ada:***@db/d") {
		t.Errorf("got %s", shown)
	}
}
