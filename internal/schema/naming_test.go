package schema_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/krowoc/krowoc/internal/schema"
)

func TestSnakeCase(t *testing.T) {
	for name, want := range map[string]string{
		"createdAt": "created_at", "Prompt": "prompt", "HTTPServer": "http_server", "userID": "user_id",
		"tokensIn2": "tokens_in2", "already_snake": "already_snake", "A": "a", "": "", "URL": "url", "aB": "a_b",
	} {
		if got := schema.SnakeCase(name); got != want {
			t.Errorf("SnakeCase(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestCamelCase(t *testing.T) {
	for name, want := range map[string]string{
		"Prompt": "prompt", "UsageDaily": "usageDaily", "LLMModel": "llmModel", "A": "a", "": "", "a__b": "aB",
	} {
		if got := schema.CamelCase(name); got != want {
			t.Errorf("CamelCase(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestPlural(t *testing.T) {
	for name, want := range map[string]string{
		"prompt": "prompts", "category": "categories", "day": "days", "person": "people", "child": "children",
		"provider_key": "provider_keys", "usageDaily": "usageDailies", "box": "boxes", "match": "matches",
		"address": "addresses", "status": "statuses", "woman": "women", "salesPerson": "salesPeople",
		"sales_person": "sales_people", "index": "indices", "Person": "People", "hero": "heroes", "x": "xes",
		"people": "people", "children": "children", "data": "data", "datum": "data", "news": "news", "tv_series": "tv_series", "userData": "userData",
		"information": "information", "metadata": "metadata", "media": "media", "women": "women", "indices": "indices", "": "s", "_": "_s",
		"leave": "leaves", "new": "news", "update": "updates", "german": "germans", "human": "humans",
	} {
		if got := schema.Plural(name); got != want {
			t.Errorf("Plural(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestSingular(t *testing.T) {
	for name, want := range map[string]string{
		"followers": "follower", "categories": "category", "boxes": "box", "matches": "match", "following": "following",
		"usageDailies": "usageDaily", "s": "s", "": "", "people": "person", "children": "child", "sales_people": "sales_person", "salesMen": "salesMan",
		"data": "data", "user_data": "user_data", "news": "news", "series": "series", "species": "species", "indices": "index", "quizzes": "quiz",
		"heroes": "hero", "criteria": "criterion", "leaves": "leave", "person": "person",
	} {
		if got := schema.Singular(name); got != want {
			t.Errorf("Singular(%q) = %q, want %q", name, got, want)
		}
	}
}

// The query for one and the query for a list are fields of one type.
func TestListName(t *testing.T) {
	for single, want := range map[string]string{
		"prompt": "prompts", "person": "people", "people": "peopleList", "news": "newsList", "userData": "userDataList", "children": "childrenList",
	} {
		if got := schema.ListName(single); got != want {
			t.Errorf("ListName(%q) = %q, want %q", single, got, want)
		}
	}
}

func TestObjectName(t *testing.T) {
	if got := schema.ObjectName("prompts", []string{"visibility", "created_at"}, "idx"); got != "prompts_visibility_created_at_idx" {
		t.Errorf("got %s", got)
	}
	long := strings.Repeat("ü", 40)
	a := schema.ObjectName(long, []string{"a"}, "idx")
	b := schema.ObjectName(long, []string{"b"}, "idx")
	if a == b || a != schema.ObjectName(long, []string{"a"}, "idx") {
		t.Errorf("%s and %s", a, b)
	}
	if len(a) > schema.MaxName || !utf8.ValidString(a) || !strings.HasSuffix(a, "_idx") {
		t.Errorf("%s has %d bytes", a, len(a))
	}
	if got := schema.ObjectName(strings.Repeat("x", 59), nil, "idx"); len(got) != schema.MaxName || strings.Count(got, "_") != 1 {
		t.Errorf("a name that just fits was cut: %s", got)
	}
}
