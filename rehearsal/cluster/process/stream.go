package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
)

// Exec returns the address at which a client gets its exec session.
func (r *Runtime) Exec(_ context.Context, req *cri.ExecRequest) (*cri.ExecResponse, error) {
	return r.streams.GetExec(req)
}

// Attach returns the address at which a client gets a container's streams.
func (r *Runtime) Attach(_ context.Context, req *cri.AttachRequest) (*cri.AttachResponse, error) {
	return r.streams.GetAttach(req)
}

// PortForward returns the address at which a client gets at a pod's ports.
func (r *Runtime) PortForward(_ context.Context, req *cri.PortForwardRequest) (*cri.PortForwardResponse, error) {
	return r.streams.GetPortForward(req)
}

// streamRuntime serves the sessions of kubectl exec, attach and port-forward.
type streamRuntime struct{ runtime *Runtime }

// Exec runs one command to its end.
func (s streamRuntime) Exec(ctx context.Context, id string, args []string, in io.Reader, out, errOut io.WriteCloser, tty bool, resize <-chan remotecommand.TerminalSize) error {
	c, cmd, err := s.runtime.execCommand(id, args)
	if err != nil {
		return err
	}
	if tty {
		return c.runOnTerminal(ctx, cmd, in, out, resize)
	}
	if out != nil { // a nil io.WriteCloser must not become a non-nil io.Writer
		cmd.Stdout = out
	}
	if errOut != nil {
		cmd.Stderr = errOut
	}
	return c.run(ctx, cmd, in)
}

// Attach relays a container's streams until it or the client ends.
func (s streamRuntime) Attach(ctx context.Context, id string, in io.Reader, out, errOut io.WriteCloser, _ bool, _ <-chan remotecommand.TerminalSize) error {
	c, err := s.runtime.container(id)
	if err != nil {
		return err
	}
	c.mu.Lock()
	log, stdin := c.log, c.stdin
	c.mu.Unlock()
	if log == nil {
		return errors.New("the container has not started")
	}
	if out != nil {
		defer log.attach(out, "stdout")()
	}
	if errOut != nil {
		defer log.attach(errOut, "stderr")()
	}
	if in != nil && stdin != nil {
		go func() {
			io.Copy(stdin, in) // ends with the client or the container
			stdin.Close()
		}()
	}
	select {
	case <-c.done:
	case <-ctx.Done():
	}
	return nil
}

// PortForward relays one connection to a port of a pod.
func (s streamRuntime) PortForward(ctx context.Context, id string, port int32, stream io.ReadWriteCloser) error {
	s.runtime.mu.Lock()
	pod := s.runtime.sandboxes[id]
	s.runtime.mu.Unlock()
	if pod == nil {
		return fmt.Errorf("no sandbox %s", id)
	}
	host := "127.0.0.1"
	if pod.ip.IsValid() {
		host = pod.ip.String()
	}
	address, err := net.ResolveTCPAddr("tcp", net.JoinHostPort(host, strconv.Itoa(int(port))))
	if err != nil {
		return err
	}
	conn, err := net.DialTCP("tcp", nil, address)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	go func() {
		io.Copy(conn, stream) // the other direction reports errors
		conn.CloseWrite()
	}()
	_, err = io.Copy(stream, conn)
	return err
}
