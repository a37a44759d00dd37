package scripttest

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/krowoc/krowoc/internal/dev"
)

// Scripts run these two by name, so that they need neither curl nor Python.

// fetch prints what a URL answers, whatever the status: `fetch [-d BODY] [-H 'Name: value']… [-jar FILE] URL`. With -d it
// posts. With -link NAME the URL is that of a link of the session in this folder. With -jar it sends the cookies in a file, and keeps new ones
// there.
func fetch() {
	set := flag.NewFlagSet("fetch", flag.ExitOnError)
	body := set.String("d", "", "post this body")
	link := set.String("link", "", "the URL is that of a link of the session")
	jar := set.String("jar", "", "a file of cookies")
	shown := set.Bool("i", false, "print the header of the response, too")
	header := http.Header{}
	set.Func("H", "a header", func(line string) error {
		name, value, _ := strings.Cut(line, ":")
		header.Add(name, strings.TrimSpace(value))
		return nil
	})
	_ = set.Parse(os.Args[1:])
	if cookies, err := os.ReadFile(*jar); err == nil {
		header.Set("Cookie", string(cookies))
	}
	if err := fetchURL(set.Arg(0), *link, *body, *jar, header, *shown); err != nil {
		fmt.Fprintln(os.Stderr, "fetch:", err)
		os.Exit(1)
	}
}

func fetchURL(url, link, body, jar string, header http.Header, shown bool) error {
	if link != "" {
		state, err := os.ReadFile(".krowoc/dev.json")
		if err != nil {
			return err
		}
		var s dev.State
		if err := json.Unmarshal(state, &s); err != nil {
			return err
		}
		for _, l := range s.Links {
			if l.Name == link {
				url = l.URL
			}
		}
	}
	method := http.MethodGet
	if body != "" {
		method = http.MethodPost
	}
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header = header
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if kept := header.Get("Cookie"); jar != "" && len(response.Cookies()) > 0 {
		for _, c := range response.Cookies() {
			kept += c.Name + "=" + c.Value + "; "
		}
		if err := os.WriteFile(jar, []byte(kept), 0o600); err != nil {
			return err
		}
	}
	if shown {
		if err := response.Header.Write(os.Stdout); err != nil {
			return err
		}
	}
	_, err = io.Copy(os.Stdout, response.Body)
	return err
}

// backend is a process of a team: it listens on $PORT and answers the text of answer.txt as it was at the start, and what
// it finds in its environment.
func backend() {
	text, err := os.ReadFile("answer.txt")
	if err != nil {
		panic(err)
	}
	answer := strings.TrimSpace(string(text))
	fmt.Println("answers", answer)
	database, _, _ := strings.Cut(os.Getenv("DATABASE_URL"), ":")
	panic(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, answer, os.Getenv("REDIS_URL"), database)
	})))
}
