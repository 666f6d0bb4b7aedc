// Command probe is the self-test's pod: a small server and client in one static binary.
//
//	probe                     serve "hello from HOST" on :8080 until SIGTERM
//	probe get URL             print the answer's body
//	probe lookup NAME         print the addresses of NAME
//	probe tcp HOST:PORT       connect
//	probe write FILE TEXT     write, sync
//	probe read FILE           print
//	probe id                  print uid and gid
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const patience = 3 * time.Second

func main() {
	args := append(os.Args[1:], "serve", "", "")
	if err := run(args[0], args[1], args[2]); err != nil {
		fmt.Println("ERROR", err)
		os.Exit(1)
	}
}

func run(verb, a, b string) error {
	switch verb {
	case "get":
		client := http.Client{Timeout: patience}
		answer, err := client.Get(a)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		_, err = io.Copy(os.Stdout, answer.Body)
		return err
	case "lookup":
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		addresses, err := net.DefaultResolver.LookupHost(ctx, a)
		fmt.Println(addresses)
		return err
	case "tcp":
		conn, err := net.DialTimeout("tcp", a, patience)
		if err != nil {
			return err
		}
		fmt.Println("connected to", conn.RemoteAddr())
		return conn.Close()
	case "write":
		f, err := os.Create(a)
		if err != nil {
			return err
		}
		defer f.Close()
		if _, err := f.WriteString(b + "\n"); err != nil {
			return err
		}
		return f.Sync()
	case "read":
		content, err := os.ReadFile(a)
		fmt.Print(string(content))
		return err
	case "id":
		fmt.Println(os.Getuid(), os.Getgid())
		return nil
	case "serve":
		return serve()
	}
	return fmt.Errorf("unknown verb %q", verb)
}

func serve() error {
	host, _ := os.Hostname()
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello from %s to %s\n", host, r.RemoteAddr)
	})
	server := &http.Server{Addr: ":8080", ReadHeaderTimeout: patience}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() { <-stop; server.Close() }()
	fmt.Println("listening on :8080 as", host)
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		return err
	}
	return nil
}
