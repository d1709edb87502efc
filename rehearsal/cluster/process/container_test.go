package process

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
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
