package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
)

// asker sends one request again and again.
type asker struct {
	client      *http.Client
	url         string
	body        []byte
	name, value string       // of a header
	size        atomic.Int64 // of the first answer
}

// ask fails if the answer has errors or is not about as long as the first one.
func (a *asker) ask() error {
	request, err := http.NewRequest(http.MethodPost, a.url, bytes.NewReader(a.body)) //nolint:noctx // it ends with the program
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	if a.name != "" {
		request.Header.Set(a.name, a.value)
	}
	response, err := a.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	return a.check(response.StatusCode, answer)
}

func (a *asker) check(status int, answer []byte) error {
	a.size.CompareAndSwap(0, int64(len(answer)))
	isAnswer := status == http.StatusOK && !bytes.Contains(answer, []byte(`"errors"`))
	size, first := int64(len(answer)), a.size.Load()
	if isLike := size*10 > first*9 && size*10 < first*11; isAnswer && isLike {
		return nil
	}
	return fmt.Errorf("%d %s", status, answer)
}
