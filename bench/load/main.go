// Command load sends the requests of the scripts in this folder.
//
//	load post URL SECONDS CONNECTIONS [QUERY [VARIABLES]]
//	load collect ADDRESS
//
// post sends a GraphQL query again and again and prints requests per second and the median and 99th percentile of the time that one took, in
// milliseconds. It sends the header LOAD_HEADER, "Name: value", if it is set. collect accepts and counts what is posted.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

func main() {
	var err error
	switch args := os.Args[1:]; {
	case len(args) >= 4 && len(args) <= 6 && args[0] == "post":
		err = post(args[1], args[2], args[3], append(args[4:], "", "")[:2])
	case len(args) == 2 && args[0] == "collect":
		err = collect(args[1])
	default:
		err = fmt.Errorf("usage: load post URL SECONDS CONNECTIONS [QUERY [VARIABLES]] | load collect ADDRESS")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// collect accepts posts, and tells how many there were.
func collect(address string) error {
	var posts, size atomic.Int64
	http.HandleFunc("POST /", func(_ http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		posts.Add(1)
		size.Add(n)
	})
	http.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "the collector got %d requests, %d KiB\n", posts.Load(), size.Load()>>10)
	})
	server := &http.Server{Addr: address, ReadHeaderTimeout: 5 * time.Second}
	return server.ListenAndServe()
}

func post(url, seconds, connections string, document []string) error {
	n, err := strconv.Atoi(connections)
	if err != nil {
		return err
	}
	s, err := strconv.Atoi(seconds)
	if err != nil {
		return err
	}
	request := map[string]any{"query": document[0]}
	if document[1] != "" {
		request["variables"] = json.RawMessage(document[1])
	}
	body, err := json.Marshal(request)
	if err != nil {
		return err
	}
	times, err := during(time.Duration(s)*time.Second, n, newAsker(url, body, n))
	if err != nil {
		return err
	}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	fmt.Printf("%.0f %.2f %.2f\n", float64(len(times))/float64(s), ms(times[len(times)/2]), ms(times[len(times)*99/100]))
	return nil
}

// during asks on a number of connections for some time. It returns how long each request took, the shortest first.
func during(d time.Duration, connections int, a *asker) ([]time.Duration, error) {
	times := make([][]time.Duration, connections)
	failures := make([]error, connections)
	end := time.Now().Add(d)
	var asking sync.WaitGroup
	for i := range connections {
		asking.Go(func() {
			for time.Now().Before(end) && failures[i] == nil {
				began := time.Now()
				failures[i] = a.ask()
				times[i] = append(times[i], time.Since(began))
			}
		})
	}
	asking.Wait()
	for _, err := range failures {
		if err != nil {
			return nil, err
		}
	}
	all := slices.Concat(times...)
	slices.Sort(all)
	return all, nil
}

func newAsker(url string, body []byte, connections int) *asker {
	name, value, _ := strings.Cut(os.Getenv("LOAD_HEADER"), ": ")
	transport := &http.Transport{MaxIdleConnsPerHost: connections, DisableCompression: true}
	return &asker{client: &http.Client{Transport: transport}, url: url, body: body, name: name, value: value}
}
