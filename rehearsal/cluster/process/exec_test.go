package process

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
)

func TestExec(t *testing.T) {
	r := newTestRuntime(t)
	config := shell("echo from main > /tmp/file; echo ready; read wait")
	config.Stdin, config.Envs = true, []*cri.KeyValue{{Key: "GREETING", Value: []byte("hello")}}
	c := r.start(config)
	r.awaitLog(c, "ready")
	if code, output := r.exec(c, "cat /tmp/file; echo $GREETING; hostname; pwd; cat /proc/1/cmdline | tr '\\0' ' ' | cut -c1-10; echo e >&2; exit 7"); code != 7 ||
		output != "from main\nhello\npod-name\n/image\n/bin/sh -c\ne\n" {
		t.Errorf("got %d, %q", code, output)
	}
	_, err := r.ExecSync(t.Context(), &cri.ExecSyncRequest{ContainerId: c.id, Cmd: []string{"sleep", "1000"}, Timeout: 1})
	if status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("a command that takes too long: %v", err)
	}
	if _, output := r.exec(c, "ls -d /proc/[0-9]*"); strings.Count(output, "/proc/") != 2 { // main and ls
		t.Errorf("processes after the time-out: %q", output)
	}
	response, err := r.ExecSync(t.Context(), &cri.ExecSyncRequest{ContainerId: c.id, Cmd: []string{"none"}})
	if err != nil || response.ExitCode != cannotExecute {
		t.Errorf("no such program: %v, %v", response, err)
	}
	c.stop(0)
	_, err = r.ExecSync(t.Context(), &cri.ExecSyncRequest{ContainerId: c.id, Cmd: []string{"true"}})
	if status.Code(err) != codes.FailedPrecondition {
		t.Errorf("in a container that has ended: %v", err)
	}
}

// output is where a stream goes to.
type output struct{ bytes.Buffer }

func (*output) Close() error { return nil }

func TestExecSession(t *testing.T) {
	r := newTestRuntime(t)
	config := shell("echo ready; read wait")
	config.Stdin = true
	c := r.start(config)
	r.awaitLog(c, "ready")
	var out output
	err := streamRuntime{r.Runtime}.Exec(t.Context(), c.id, []string{"cat"}, strings.NewReader("typed"), &out, nil, false, nil)
	if err != nil || out.String() != "typed" {
		t.Errorf("got %q, %v", out.String(), err)
	}
	out.Reset()
	sizes := make(chan remotecommand.TerminalSize)
	close(sizes)
	err = streamRuntime{r.Runtime}.Exec(t.Context(), c.id, []string{"sh", "-c", "test -t 0 && test -t 1 && echo terminal; exit 4"}, nil, &out, nil, true, sizes)
	if out.String() != "terminal\r\n" || fmt.Sprint(err) != "command terminated with exit code 4" {
		t.Errorf("on a terminal: got %q, %v", out.String(), err)
	}
}

func TestAttach(t *testing.T) {
	r := newTestRuntime(t)
	config := shell("echo ready; read name; echo hello $name")
	config.Stdin = true
	c := r.start(config)
	r.awaitLog(c, "ready")
	in, typed := io.Pipe()
	var out output
	ended := make(chan error)
	go func() { ended <- streamRuntime{r.Runtime}.Attach(t.Context(), c.id, in, &out, nil, false, nil) }()
	fmt.Fprintln(typed, "you")
	if err := <-ended; err != nil || out.String() != "hello you\n" {
		t.Errorf("got %q, %v", out.String(), err)
	}
}

func TestPortForward(t *testing.T) {
	r := newTestRuntime(t)
	sandbox, err := r.RunPodSandbox(t.Context(), &cri.RunPodSandboxRequest{Config: &cri.PodSandboxConfig{
		Linux: &cri.LinuxPodSandboxConfig{SecurityContext: &cri.LinuxSandboxSecurityContext{
			NamespaceOptions: &cri.NamespaceOption{Network: cri.NamespaceMode_NODE},
		}},
	}})
	must(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err == nil {
			io.Copy(conn, conn)
			conn.Close()
		}
	}()
	client, server := net.Pipe()
	ended := make(chan error)
	go func() {
		ended <- streamRuntime{r.Runtime}.PortForward(t.Context(), sandbox.PodSandboxId, int32(l.Addr().(*net.TCPAddr).Port), server)
	}()
	fmt.Fprint(client, "echo")
	answer := make([]byte, 4)
	if _, err := io.ReadFull(client, answer); err != nil || string(answer) != "echo" {
		t.Errorf("got %q, %v", answer, err)
	}
	client.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
