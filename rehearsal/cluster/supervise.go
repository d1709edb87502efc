package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

// supervisor runs this binary's own commands as child processes, which the
// kernel kills when this process ends in whatever way.
type supervisor struct {
	logs       string // directory
	components []*component
	ended      chan error // unexpected ends
}

type component struct {
	name     string
	args     []string
	log      string // file
	process  *os.Process
	done     chan struct{} // closed when the process has ended
	expected atomic.Bool   // its end is wanted
}

func newSupervisor(logs string) *supervisor {
	return &supervisor{logs: logs, ended: make(chan error, 8)}
}

// start runs a command of this binary.
func (s *supervisor) start(name string, args ...string) error {
	c := &component{name: name, args: args, log: filepath.Join(s.logs, name+".log")}
	if err := s.run(c); err != nil {
		return err
	}
	s.components = append(s.components, c)
	return nil
}

func (s *supervisor) run(c *component) error {
	log, err := os.OpenFile(c.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := ownCommand(c.name, c.args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if c.name == "node" {
		// What the kubelet mounts ends with its namespace, and is nobody else's.
		cmd.SysProcAttr.Unshareflags = syscall.CLONE_NEWNS
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan struct{})
	c.process, c.done = cmd.Process, done
	c.expected.Store(false)
	go func() {
		err := cmd.Wait()
		if !c.expected.Load() {
			s.ended <- fmt.Errorf("%s ended unexpectedly (%v); its log: %s", c.name, err, c.log)
		}
		close(done)
	}()
	return nil
}

// ownCommand prepares a command of this binary, also where a newer one has
// taken its place meanwhile.
func ownCommand(name string, args ...string) *exec.Cmd {
	return &exec.Cmd{Path: "/proc/self/exe", Args: append([]string{"cluster", name}, args...)}
}

// restartGrace is short: open watches would hold the API server up for long.
const restartGrace = time.Second

// restart ends a component and starts it anew with the same arguments.
func (s *supervisor) restart(name string) error {
	for _, c := range s.components {
		if c.name == name {
			c.stop(restartGrace)
			return s.run(c)
		}
	}
	return fmt.Errorf("there is no component %s", name)
}

// stop ends all components, the last started first: the node, then what serves it.
func (s *supervisor) stop() {
	for i := len(s.components) - 1; i >= 0; i-- {
		s.components[i].stop(stopGrace)
	}
}

// stopGrace lets the node give its containers the time to end.
const stopGrace = 3 * time.Second

// stop sends SIGTERM, waits for at most grace, then kills.
func (c *component) stop(grace time.Duration) {
	c.expected.Store(true)
	c.process.Signal(syscall.SIGTERM) // an error means that it has ended: done tells
	select {
	case <-c.done:
	case <-time.After(grace):
		c.process.Kill()
		<-c.done
	}
}

const (
	readyDeadline = 2 * time.Minute
	readyInterval = 50 * time.Millisecond
)

// await asks until ok returns nil, a component ends or ctx does.
func (s *supervisor) await(ctx context.Context, what string, ok func() error) error {
	deadline := time.After(readyDeadline)
	for {
		err := ok()
		if err == nil {
			return nil
		}
		select {
		case <-time.After(readyInterval):
		case ended := <-s.ended:
			return ended
		case <-deadline:
			return fmt.Errorf("%s is not ready after %v: %w; logs: %s", what, readyDeadline, err, s.logs)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// freePort returns a port of 127.0.0.1 that nobody listens on. It is not one
// that the kernel hands out for outgoing connections, so that it is still free
// when it is used.
func freePort() (int, error) {
	const first, last, attempts = 20000, 29999, 100
	for range attempts {
		port := first + rand.IntN(last-first+1)
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return port, l.Close()
		}
	}
	return 0, errors.New("no free port on 127.0.0.1")
}
