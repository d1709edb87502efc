// Package e2e boots the built binary and checks what a user relies on. It
// needs root, and the binary's path in CLUSTER_BINARY:
//
//	go build -o bin/cluster . && CLUSTER_BINARY=$PWD/bin/cluster go test ./e2e
package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	// Ranges besides the defaults, so that a cluster in use is not disturbed.
	podCIDR     = "10.89.0.0/16"
	serviceCIDR = "10.97.0.0/16"

	patience = 3 * time.Minute // for machines with other things to do
	interval = 100 * time.Millisecond
)

// This test binary is also the program of its pods and a parent of clusters.
func TestMain(m *testing.M) {
	switch role := os.Getenv("E2E_ROLE"); role {
	case "":
		os.Exit(m.Run())
	case "server":
		serve()
	case "parent":
		beParent()
	default:
		fmt.Fprintf(os.Stderr, "E2E_ROLE=%s: no such role\n", role)
		os.Exit(2)
	}
}

// serve answers with its version on the pod's address until SIGTERM.
func serve() {
	version, term := os.Getenv("VERSION"), make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	go func() {
		err := http.ListenAndServe(os.Getenv("POD_IP")+":8000", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, version)
		}))
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}()
	fmt.Println("version", version)
	<-term
	fmt.Println("bye")
}

// beParent starts a cluster with the arguments it has, tied to its own life.
func beParent() {
	args := append(os.Args[1:], fmt.Sprintf("--parent-pid=%d", os.Getpid()))
	cmd := exec.Command(os.Getenv("CLUSTER_BINARY"), args...)
	cmd.Env = append(os.Environ(), "E2E_ROLE=")
	fmt.Fprintln(os.Stderr, cmd.Run())
	os.Exit(1)
}

// cluster is one that is up.
type cluster struct {
	t      *testing.T
	dir    string
	images string
	up     *exec.Cmd     // or its parent
	ended  chan struct{} // closed when that has ended
	output *os.File

	Kubeconfig, Kubectl, Server, AuditLog string // of ready.json
	PID                                   int

	config *rest.Config
	client kubernetes.Interface
}

func binary(t *testing.T) string {
	t.Helper()
	path := os.Getenv("CLUSTER_BINARY")
	if path == "" {
		t.Skip("CLUSTER_BINARY is not set: it names the built binary to test")
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root: the cluster does")
	}
	return path
}

// upArgs are the arguments of a cluster below dir.
func upArgs(dir string, more ...string) []string {
	return append([]string{
		"up", "--dir", filepath.Join(dir, "run"), "--images", filepath.Join(dir, "images"),
		"--pod-cidr", podCIDR, "--service-cidr", serviceCIDR, "--max-back-off", "5s",
		"--goaway-chance", "0.02",
	}, more...)
}

// boot runs a command that starts a cluster with upArgs(dir), and returns once
// it can be used.
func boot(t *testing.T, dir string, up *exec.Cmd) *cluster {
	t.Helper()
	c := &cluster{t: t, dir: filepath.Join(dir, "run"), images: filepath.Join(dir, "images"), up: up, ended: make(chan struct{})}
	var err error
	c.output, err = os.Create(filepath.Join(dir, "output"))
	must(t, err)
	defer c.output.Close()
	must(t, os.MkdirAll(c.images, 0o755))
	up.Stdout, up.Stderr = c.output, c.output
	must(t, up.Start())
	go func() {
		up.Wait()
		close(c.ended)
	}()
	t.Cleanup(c.stop)
	eventually(t, "the cluster is ready", func() error {
		select {
		case <-c.ended:
			t.Fatalf("up ended: %s", c.read(c.output.Name()))
		default:
		}
		content, err := os.ReadFile(filepath.Join(c.dir, "ready.json"))
		if err != nil {
			return err
		}
		return json.Unmarshal(content, c)
	})
	c.config, err = clientcmd.BuildConfigFromFlags("", c.Kubeconfig)
	must(t, err)
	c.config.QPS, c.config.Burst = 100, 100
	c.client, err = kubernetes.NewForConfig(c.config)
	must(t, err)
	return c
}

// stop ends the cluster in order.
func (c *cluster) stop() {
	c.up.Process.Signal(syscall.SIGTERM)
	select {
	case <-c.ended:
	case <-time.After(patience):
		c.t.Errorf("up does not end: %s", c.read(c.output.Name()))
		c.up.Process.Kill()
	}
	if c.t.Failed() {
		c.t.Logf("output of up:\n%s", c.read(c.output.Name()))
	}
}

func (c *cluster) read(path string) string {
	content, err := os.ReadFile(path)
	if err != nil {
		c.t.Error(err)
	}
	return string(content)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually waits until ok returns nil.
func eventually(t *testing.T, what string, ok func() error) {
	t.Helper()
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(interval) {
		if err = ok(); err == nil {
			return
		}
	}
	t.Fatalf("never %s: %v", what, err)
}

// addImage puts an image into the registry's folder: a config and files.
func (c *cluster) addImage(name, tag, config string, files map[string]string) {
	c.t.Helper()
	folder := filepath.Join(c.images, name, tag)
	must(c.t, os.RemoveAll(folder))
	must(c.t, os.MkdirAll(folder, 0o755))
	must(c.t, os.WriteFile(filepath.Join(folder, "image.json"), []byte(config), 0o644))
	for file, content := range files {
		must(c.t, os.WriteFile(filepath.Join(folder, file), []byte(content), 0o644))
	}
}

// addServer adds an image of this program as a server.
func (c *cluster) addServer(name, tag, version string) {
	c.t.Helper()
	self, err := os.Executable()
	must(c.t, err)
	c.addImage(name, tag, fmt.Sprintf(`{"Entrypoint": [%q], "Env": ["E2E_ROLE=server", "VERSION=%s"]}`, self, version), nil)
}

// kubectl runs it and returns its output and exit code.
func (c *cluster) kubectl(t *testing.T, args ...string) (string, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.Kubectl, args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+c.Kubeconfig)
	output, err := cmd.CombinedOutput()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatalf("kubectl %s: %v", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(output)), cmd.ProcessState.ExitCode()
}
