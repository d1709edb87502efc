package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func (c *cluster) testRestart(t *testing.T) {
	const namespace = "roll-out"
	before := c.apiServer(t)
	pods := c.podStarts(t, namespace)
	must(t, syscall.Kill(c.PID, syscall.SIGUSR1))
	eventually(t, "another API server runs", func() error {
		if c.apiServer(t) == before {
			return errors.New("still the same process")
		}
		return c.client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(t.Context()).Error()
	})
	c.rollOut(t, namespace, "server", func(spec *appsv1.DeploymentSpec) { *spec.Replicas = 8 })
	for uid, start := range c.podStarts(t, namespace) {
		if old, known := pods[uid]; known && old != start {
			t.Errorf("pod %s was restarted", uid)
		}
		delete(pods, uid)
	}
	if len(pods) > 0 {
		t.Errorf("pods are gone: %v", pods)
	}
	c.wantVersion(t, namespace, "2", 8)
	select {
	case <-c.ended:
		t.Error("up ended")
	default:
	}
}

// apiServer is the running API server's process directory, empty if there is none.
func (c *cluster) apiServer(t *testing.T) string {
	t.Helper()
	for _, found := range remains(t, c.dir, "E2E_NONE=") {
		if process, command, ok := strings.Cut(found, ": "); ok && strings.Contains(command, " kube-apiserver ") {
			return process
		}
	}
	return ""
}

// podStarts tells when each pod's container started.
func (c *cluster) podStarts(t *testing.T, namespace string) map[types.UID]time.Time {
	t.Helper()
	pods, err := c.pods(namespace).List(t.Context(), metav1.ListOptions{})
	must(t, err)
	starts := map[types.UID]time.Time{}
	for _, p := range pods.Items {
		starts[p.UID] = p.Status.ContainerStatuses[0].State.Running.StartedAt.Time
	}
	return starts
}

func (c *cluster) testSecondCluster(t *testing.T) {
	second := func(args ...string) string {
		output, err := exec.Command(os.Getenv("CLUSTER_BINARY"), args...).CombinedOutput()
		if exit := new(exec.ExitError); !errors.As(err, &exit) || exit.ExitCode() != 1 {
			t.Errorf("got %v", err)
		}
		return string(output)
	}
	dir := t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, "images"), 0o755))
	if got := second(upArgs(dir)...); !strings.Contains(got, fmt.Sprintf("the cluster of process %d", c.PID)) {
		t.Errorf("the same ranges: %s", got)
	}
	if got := second(upArgs(filepath.Dir(c.dir))...); !strings.Contains(got, "another cluster runs there") {
		t.Errorf("the same directory: %s", got)
	}
	c.wantVersion(t, "roll-out", "2", 8) // the first one's route is intact
}

func (c *cluster) testKill(t *testing.T) {
	namespace := c.namespace(t, "kill")
	p := pod("main", "registry.local/text:v2", "setsid setsid sleep 1000 & (sleep 1000 &); exec sleep 1000")
	p.Spec.Containers[0].Env = append(p.Spec.Containers[0].Env, corev1.EnvVar{Name: "E2E_MARK", Value: c.dir})
	c.create(t, namespace, p)
	c.awaitContainer(t, namespace, "main", "runs", running)
	marker := "E2E_MARK=" + c.dir
	eventually(t, "the pod's processes run", func() error {
		marked := slices.DeleteFunc(remains(t, "no directory", marker), func(s string) bool { return !strings.HasPrefix(s, "process ") })
		if len(marked) != 3 {
			return fmt.Errorf("got %q", marked)
		}
		return nil
	})
	must(t, syscall.Kill(c.PID, syscall.SIGKILL))
	awaitNothing(t, c.dir, marker)
}

// TestE2EParent kills the process that started a cluster: the cluster must end,
// too, and a next one can take its place.
func TestE2EParent(t *testing.T) {
	path, dir := binary(t), t.TempDir()
	self, err := os.Executable()
	must(t, err)
	parent := exec.Command(self, upArgs(dir)...)
	parent.Env = append(os.Environ(), "E2E_ROLE=parent", "CLUSTER_BINARY="+path)
	c := boot(t, dir, parent)
	if c.PID == parent.Process.Pid {
		t.Fatal("the cluster has no parent of its own")
	}
	must(t, parent.Process.Kill())
	awaitNothing(t, c.dir, "E2E_NONE=")

	again := boot(t, dir, exec.Command(path, upArgs(dir)...))
	again.stop()
	if again.up.ProcessState.ExitCode() != 0 {
		t.Errorf("stopped in order: %v", again.up.ProcessState)
	}
	if found := remains(t, c.dir, "E2E_NONE="); len(found) > 0 {
		t.Errorf("stopped in order, but left %q", found)
	}
}

// TestE2ENeedsRoot starts the binary as nobody.
func TestE2ENeedsRoot(t *testing.T) {
	const nobody = 65534
	cmd := exec.Command(reachable(t, binary(t)), upArgs(t.TempDir())...)
	cmd.Dir, cmd.SysProcAttr = "/", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	output, err := cmd.CombinedOutput()
	if exit := new(exec.ExitError); !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("got %v", err)
	}
	if got := string(output); got != "cluster up: root is needed, for mounts, namespaces and routes; start it with sudo\n" {
		t.Errorf("got %q", got)
	}
}

// reachable is the program where everybody may start it: a cache may be below
// a home that is its owner's alone.
func reachable(t *testing.T, program string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "cluster-e2e-")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o755))
	content, err := os.ReadFile(program)
	must(t, err)
	place := filepath.Join(dir, "cluster")
	must(t, os.WriteFile(place, content, 0o755))
	return place
}
