package process

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
)

const testImage = "registry.local/test:v1"

// testRuntime runs containers of an image that is no more than a text file.
type testRuntime struct {
	*Runtime
	t    *testing.T
	logs string
}

func newTestRuntime(t *testing.T) *testRuntime {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: containers have mounts and namespaces")
	}
	registry := t.TempDir()
	writeImage(t, registry, "test", "v1", imageConfig{}, map[string]string{"text": "from the image\n"})
	r, err := New(Options{Dir: t.TempDir(), Registry: registry, PodCIDR: netip.MustParsePrefix("10.1.0.0/16")})
	must(t, err)
	t.Cleanup(r.Close)
	mustPull(t, r.images, testImage)
	return &testRuntime{r, t, t.TempDir()}
}

// shell is the configuration of a container that runs a script.
func shell(script string) *cri.ContainerConfig {
	return &cri.ContainerConfig{
		Metadata: &cri.ContainerMetadata{Name: "main"}, LogPath: "main.log",
		Image:   &cri.ImageSpec{Image: testImage, UserSpecifiedImage: testImage},
		Command: []string{"/bin/sh", "-c", script},
	}
}

func (r *testRuntime) create(config *cri.ContainerConfig) *container {
	r.t.Helper()
	pod := &cri.PodSandboxConfig{Metadata: &cri.PodSandboxMetadata{Name: "pod"}, Hostname: "pod-name", LogDirectory: r.logs}
	sandbox, err := r.RunPodSandbox(r.t.Context(), &cri.RunPodSandboxRequest{Config: pod})
	must(r.t, err)
	created, err := r.CreateContainer(r.t.Context(), &cri.CreateContainerRequest{
		PodSandboxId: sandbox.PodSandboxId, Config: config, SandboxConfig: pod,
	})
	must(r.t, err)
	c, err := r.container(created.ContainerId)
	must(r.t, err)
	return c
}

// start starts a container.
func (r *testRuntime) start(config *cri.ContainerConfig) *container {
	r.t.Helper()
	c := r.create(config)
	_, err := r.StartContainer(r.t.Context(), &cri.StartContainerRequest{ContainerId: c.id})
	must(r.t, err)
	return c
}

// run runs a script to its end and returns its status and output.
func (r *testRuntime) run(config *cri.ContainerConfig) (*cri.ContainerStatus, string) {
	r.t.Helper()
	c := r.start(config)
	r.await(c)
	return c.status(), strings.Join(readLog(r.t, c.logPath), "\n")
}

const testPatience = 30 * time.Second

func (r *testRuntime) await(c *container) {
	r.t.Helper()
	select {
	case <-c.done:
	case <-time.After(testPatience):
		r.t.Fatalf("the container still runs; its log: %q", readLog(r.t, c.logPath))
	}
}

// awaitLog waits until a container has printed something.
func (r *testRuntime) awaitLog(c *container, text string) {
	r.t.Helper()
	for end := time.Now().Add(testPatience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if content, err := os.ReadFile(c.logPath); err == nil && strings.Contains(string(content), text) {
			return
		}
	}
	r.t.Fatalf("the log never held %q: %q", text, readLog(r.t, c.logPath))
}

func (r *testRuntime) exec(c *container, script string) (code int32, output string) {
	r.t.Helper()
	response, err := r.ExecSync(r.t.Context(), &cri.ExecSyncRequest{ContainerId: c.id, Cmd: []string{"/bin/sh", "-c", script}})
	must(r.t, err)
	return response.ExitCode, string(response.Stdout) + string(response.Stderr)
}

func TestExitCodes(t *testing.T) {
	r := newTestRuntime(t)
	for _, c := range []struct {
		script, reason string
		code           int32
	}{
		{"exit 0", "Completed", 0},
		{"exit 3", "Error", 3},
		{"sh -c 'kill -SEGV $$'", "Error", 139}, // the shell passes its child's end on
	} {
		if st, _ := r.run(shell(c.script)); st.ExitCode != c.code || st.Reason != c.reason || st.State != cri.ContainerState_CONTAINER_EXITED {
			t.Errorf("%s: got %v, %d %s", c.script, st.State, st.ExitCode, st.Reason)
		}
	}
}

func TestStatus(t *testing.T) {
	r := newTestRuntime(t)
	begin := time.Now().UnixNano()
	c := r.create(shell("echo hello; read wait"))
	if st := c.status(); st.State != cri.ContainerState_CONTAINER_CREATED || st.StartedAt != 0 {
		t.Errorf("got %v", st)
	}
	c.config.Stdin = true
	must(t, c.start())
	r.awaitLog(c, "stdout F hello")
	st := c.status()
	if st.State != cri.ContainerState_CONTAINER_RUNNING || st.StartedAt < begin || st.FinishedAt != 0 {
		t.Errorf("got %v", st)
	}
	if st.Image.Image != testImage || st.ImageRef != "registry.local/test@"+c.image.digest || st.ImageId != c.image.digest {
		t.Errorf("got image %v, reference %s, ID %s", st.Image, st.ImageRef, st.ImageId)
	}
	must(t, c.stdin.Close())
	r.await(c)
	if st := c.status(); st.FinishedAt < st.StartedAt {
		t.Errorf("got %v", st)
	}
	if _, err := r.StartContainer(t.Context(), &cri.StartContainerRequest{ContainerId: c.id}); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("a second start: %v", err)
	}
}

func TestStartError(t *testing.T) {
	r := newTestRuntime(t)
	for name, change := range map[string]func(*cri.ContainerConfig){
		`exec: "/no/such/program": executable file not found in $PATH`: func(c *cri.ContainerConfig) { c.Command = []string{"/no/such/program"} },
		"no command specified": func(c *cri.ContainerConfig) { c.Command = nil },
		"/no/such/volume": func(c *cri.ContainerConfig) {
			c.Mounts = []*cri.Mount{{HostPath: "/no/such/volume", ContainerPath: "/v"}}
		},
	} {
		config := shell("")
		change(config)
		c := r.create(config)
		_, err := r.StartContainer(t.Context(), &cri.StartContainerRequest{ContainerId: c.id})
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
		if st := c.status(); st.ExitCode != startErrorCode || st.Reason != "StartError" || !strings.Contains(st.Message, name) {
			t.Errorf("%s: got %d %s %s", name, st.ExitCode, st.Reason, st.Message)
		}
	}
}

func TestStop(t *testing.T) {
	r := newTestRuntime(t)
	for _, c := range []struct {
		name, script string
		grace        int64 // seconds
		signal       cri.Signal
		code         int32
		log          string
	}{
		{"heeds SIGTERM", "trap 'echo bye; exit 5' TERM; echo ready; while :; do sleep 0.02; done", 30, 0, 5, "bye"},
		{"heeds its own signal", "trap 'echo bye; exit 6' USR2; echo ready; while :; do sleep 0.02; done", 30, cri.Signal_SIGNAL_SIGUSR2, 6, "bye"},
		{"is deaf", "trap 'echo deaf' TERM; echo ready; while :; do sleep 0.02; done", 1, 0, 137, "deaf"},
		{"has no handler, as process 1", "echo ready; while :; do sleep 0.02; done", 1, 0, 137, "ready"},
		{"has no grace", "trap 'exit 5' TERM; echo ready; while :; do sleep 0.02; done", 0, 0, 137, "ready"},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := shell(c.script)
			config.StopSignal, config.LogPath = c.signal, strings.ReplaceAll(c.name, " ", "-")+".log"
			running := r.start(config)
			r.awaitLog(running, "ready")
			begin := time.Now()
			_, err := r.StopContainer(t.Context(), &cri.StopContainerRequest{ContainerId: running.id, Timeout: c.grace})
			must(t, err)
			took, grace := time.Since(begin), time.Duration(c.grace)*time.Second
			if st := running.status(); st.State != cri.ContainerState_CONTAINER_EXITED || st.ExitCode != c.code {
				t.Errorf("got %v, exit code %d", st.State, st.ExitCode)
			}
			if killed := c.code == 137; killed && took < grace || !killed && took >= grace {
				t.Errorf("took %v of %v", took, grace)
			}
			r.awaitLog(running, c.log)
		})
	}
}

// processesWith counts the machine's processes that have a variable.
func processesWith(t *testing.T, variable string) (count int) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	must(t, err)
	for _, file := range files {
		environ, err := os.ReadFile(file)
		if err == nil && bytes.Contains(environ, []byte(variable)) { // else it has ended meanwhile
			count++
		}
	}
	return count
}

func TestNoDescendantSurvives(t *testing.T) {
	r := newTestRuntime(t)
	marker := "MARKER=" + newID()
	for _, end := range []struct {
		name, script string
	}{
		{"when it is stopped", "read wait"},
		{"when it ends by itself", "while [ ! -e /tmp/end ]; do sleep 0.02; done"},
	} {
		key, value, _ := strings.Cut(marker, "=")
		config := shell("setsid setsid sleep 1000 & (sleep 1000 &); sleep 1000 & echo ready; " + end.script)
		config.Stdin, config.Envs = true, []*cri.KeyValue{{Key: key, Value: []byte(value)}}
		c := r.start(config)
		r.awaitLog(c, "ready")
		if got := processesWith(t, marker); got < 3 {
			t.Errorf("%s: only %d processes are seen before", end.name, got)
		}
		if end.name == "when it is stopped" {
			c.stop(0)
		} else {
			r.exec(c, "touch /tmp/end")
			r.await(c)
		}
		if got := processesWith(t, marker); got != 0 {
			t.Errorf("%s: %d processes are left", end.name, got)
		}
		must(t, os.Remove(c.logPath))
	}
}

func TestContainersView(t *testing.T) {
	r := newTestRuntime(t)
	volume, file := t.TempDir(), filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, []byte("a file\n"), 0o644))
	config := shell(`hostname; pwd; cat text; echo changed > text; cat text; echo $$; set -- /proc/[0-9]*; echo $#
		echo kept > /volume/kept; cat /etc/one; touch /ro/x 2>/dev/null || echo read-only; touch ` + file + `.leak /var/run/leak && echo written`)
	config.Mounts = []*cri.Mount{
		{HostPath: volume, ContainerPath: "/volume"},
		{HostPath: volume, ContainerPath: "/ro", Readonly: true},
		{HostPath: file, ContainerPath: "/etc/one", Readonly: true},
		{HostPath: file, ContainerPath: "/var/run/test/one"},
	}
	_, output := r.run(config)
	want := "pod-name\n/image\nfrom the image\nchanged\n1\n1\na file\nread-only\nwritten"
	if got := strings.ReplaceAll(output, "stdout F ", ""); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if content, err := os.ReadFile(filepath.Join(volume, "kept")); err != nil || string(content) != "kept\n" {
		t.Errorf("the volume holds %q, %v", content, err)
	}
	for _, path := range []string{file + ".leak", "/var/run/leak", "/var/run/test", imageMount} {
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("%s is on the machine: %v", path, err)
		}
	}
	if _, again := r.run(shell("cat text")); !strings.HasSuffix(again, "stdout F from the image") {
		t.Errorf("the next container sees %q", again)
	}
}

func TestReadOnlyRootAndUser(t *testing.T) {
	r := newTestRuntime(t)
	config := shell("id -u; id -g; touch /tmp/x || echo refused")
	config.Linux = &cri.LinuxContainerConfig{SecurityContext: &cri.LinuxContainerSecurityContext{
		ReadonlyRootfs: true, RunAsUser: &cri.Int64Value{Value: 1234}, RunAsGroup: &cri.Int64Value{Value: 4321},
	}}
	st, output := r.run(config)
	for _, want := range []string{"stdout F 1234", "stdout F 4321", "stdout F refused", "Read-only file system"} {
		if !strings.Contains(output, want) {
			t.Errorf("exit code %d, no %q in %q", st.ExitCode, want, output)
		}
	}
}

func TestMachinesOtherFileSystemsAreSeen(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: it mounts")
	}
	point := filepath.Join(t.TempDir(), "mounted")
	must(t, os.Mkdir(point, 0o755))
	must(t, unix.Mount("tmpfs", point, "tmpfs", 0, ""))
	t.Cleanup(func() { unix.Unmount(point, 0) })
	must(t, os.WriteFile(filepath.Join(point, "file"), []byte("seen\n"), 0o644))
	r := newTestRuntime(t)
	_, output := r.run(shell("cd " + point + "; cat file; echo changed > file; cat file"))
	if !strings.HasSuffix(output, "stdout F seen\nstdout F changed") {
		t.Errorf("got %q", output)
	}
	if content, err := os.ReadFile(filepath.Join(point, "file")); err != nil || string(content) != "seen\n" {
		t.Errorf("the machine's file holds %q, %v", content, err)
	}
}

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
