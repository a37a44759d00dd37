// Package listen opens TCP ports and finds the process that uses a port.
package listen

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/krowoc/krowoc/internal/fault"
)

// wsaeAddrInUse is the Windows error code for an address in use, which package syscall does not translate.
const wsaeAddrInUse = syscall.Errno(10048)

// TCP listens on address, which is host:port. If the address is in use, it returns a Conflict that names the process.
func TCP(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, explain(address, err)
	}
	return l, nil
}

// Near listens on address. If the address is in use, it listens on a free port of the same host, and taken names the process.
func Near(ctx context.Context, address string) (l net.Listener, taken, err error) {
	l, err = TCP(ctx, address)
	if fault.CodeOf(err) != fault.Conflict {
		return l, nil, err
	}
	host, _, splitErr := net.SplitHostPort(address)
	if splitErr != nil {
		return nil, nil, err
	}
	taken = err
	l, err = TCP(ctx, net.JoinHostPort(host, "0"))
	return l, taken, err
}

// Available returns nil if a server could listen on address now, and the reason otherwise.
func Available(ctx context.Context, address string) error {
	l, err := TCP(ctx, address)
	if err != nil {
		return err
	}
	return l.Close()
}

// explain returns a fault with the cause and a hint.
func explain(address string, err error) error {
	f := &fault.Error{Code: fault.Invalid, Op: "listen on " + address, Err: err, Hint: "choose another address"}
	var dns *net.DNSError
	var syntax *net.AddrError
	switch {
	case errors.Is(err, syscall.EADDRINUSE), errors.Is(err, wsaeAddrInUse):
		f.Code, f.Message = fault.Conflict, "the address is in use"+holder("/proc", address)
		f.Hint = "stop the process that uses it, or choose another port (0 means any free port)"
	case errors.Is(err, os.ErrPermission):
		f.Code, f.Message = fault.Forbidden, "this user does not have the permission"
		f.Hint = "choose a port of 1024 or higher"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		f.Message = "this machine does not have that address"
	case errors.As(err, &dns):
		f.Message = "unknown host " + strconv.Quote(dns.Name)
	case errors.As(err, &syntax):
		f.Message = syntax.Err
	default:
		f.Code = fault.CodeOf(err)
	}
	return f
}

// holder returns " by" and the process that listens on the port of address. It returns "" if the process is unknown. It reads the proc file
// system of Linux.
func holder(proc, address string) string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return ""
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return ""
	}
	sockets := make(map[string]bool)
	for _, table := range []string{"net/tcp", "net/tcp6"} {
		listening(filepath.Join(proc, table), uint16(number), sockets)
	}
	if len(sockets) == 0 {
		return ""
	}
	links, _ := filepath.Glob(filepath.Join(proc, "[0-9]*", "fd", "*"))
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && sockets[target] {
			dir := filepath.Dir(filepath.Dir(link))
			command, _ := os.ReadFile(filepath.Join(dir, "comm"))
			return fmt.Sprintf(" by %s (pid %s)", strings.TrimSpace(string(command)), filepath.Base(dir))
		}
	}
	return ""
}

// listening adds the sockets that listen on port. It reads a table such as /proc/net/tcp, and names sockets like file descriptors do.
func listening(table string, port uint16, sockets map[string]bool) {
	file, err := os.Open(table)
	if err != nil {
		return
	}
	defer file.Close()
	const listen, localAddress, state, inode = "0A", 1, 3, 9
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) > inode && fields[state] == listen &&
			strings.HasSuffix(fields[localAddress], fmt.Sprintf(":%04X", port)) {
			sockets["socket:["+fields[inode]+"]"] = true
		}
	}
}

// FreePort returns a port of this machine that is currently free.
func FreePort(ctx context.Context) (int, error) {
	l, err := TCP(ctx, "127.0.0.1:0")
	if err != nil {
		return 0, fault.Wrap("find a free port", err)
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}
