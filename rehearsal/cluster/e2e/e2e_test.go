package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// TestE2E boots one cluster for all its parts, and kills it in the last.
func TestE2E(t *testing.T) {
	path, dir := binary(t), t.TempDir()
	c := boot(t, dir, exec.Command(path, upArgs(dir, fmt.Sprintf("--parent-pid=%d", os.Getpid()))...))
	for _, part := range []struct {
		name string
		test func(*testing.T)
	}{
		{"node is ready", c.testNode},
		{"rolls a Deployment", c.testRollOut},
		{"runs images by tag and digest", c.testImages},
		{"reports a missing image", c.testMissingImage},
		{"fails and delays pulls in one namespace only", c.testPullFaults},
		{"restarts what crashes", c.testCrashLoop},
		{"executes commands", c.testExec},
		{"mounts volumes", c.testVolumes},
		{"routes a Service", c.testService},
		{"keeps to RBAC and audits", c.testRBAC},
		{"accepts a signed token until it ends", c.testToken},
		{"ends connections with GOAWAY", c.testGoaway},
		{"restarts the API server alone", c.testRestart},
		{"refuses its ranges to a second cluster", c.testSecondCluster},
		{"leaves nothing when killed", c.testKill},
	} {
		if !t.Run(part.name, part.test) {
			break // the rest would fail for no reason of its own
		}
	}
}

func (c *cluster) testNode(t *testing.T) {
	nodes, err := c.client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	must(t, err)
	if len(nodes.Items) != 1 || nodes.Items[0].Status.NodeInfo.ContainerRuntimeVersion != "process://1.0.0" {
		t.Errorf("got %+v", nodes.Items)
	}
	ready := slices.IndexFunc(nodes.Items[0].Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
	if ready < 0 {
		t.Error("the node is not ready")
	}
	if c.PID != c.up.Process.Pid || c.AuditLog != filepath.Join(c.dir, "logs", "audit.log") {
		t.Errorf("ready.json: process %d, audit log %s", c.PID, c.AuditLog)
	}
	if version, _ := c.kubectl(t, "get", "nodes", "--no-headers"); !strings.Contains(version, " Ready ") {
		t.Errorf("kubectl: %s", version)
	}
}

func (c *cluster) testRollOut(t *testing.T) {
	namespace := c.namespace(t, "roll-out")
	c.addServer("server", "v1", "1")
	c.addServer("server", "v2", "2")
	d, err := c.client.AppsV1().Deployments(namespace).Create(t.Context(), deployment("server", "registry.local/server:v1", 6), metav1.CreateOptions{})
	must(t, err)
	c.awaitRollOut(t, namespace, "server", d.Generation)
	c.wantVersion(t, namespace, "1", 6)
	c.rollOut(t, namespace, "server", func(spec *appsv1.DeploymentSpec) {
		spec.Template.Spec.Containers[0].Image = "registry.local/server:v2"
	})
	eventually(t, "the old pods are gone", func() error {
		pods, err := c.pods(namespace).List(t.Context(), metav1.ListOptions{})
		if err == nil && len(pods.Items) != 6 {
			err = fmt.Errorf("%d pods", len(pods.Items))
		}
		return err
	})
	c.wantVersion(t, namespace, "2", 6)
}

// wantVersion asks every pod through the API server's proxy.
func (c *cluster) wantVersion(t *testing.T, namespace, version string, count int) {
	t.Helper()
	pods, err := c.pods(namespace).List(t.Context(), metav1.ListOptions{})
	must(t, err)
	digests := map[string]bool{}
	for _, p := range pods.Items {
		var code int
		body, err := c.client.CoreV1().RESTClient().Get().Namespace(namespace).Resource("pods").
			Name(p.Name + ":8000").SubResource("proxy").Do(t.Context()).StatusCode(&code).Raw()
		if err != nil || code != http.StatusOK || string(body) != version {
			t.Errorf("%s: got %d %q, %v", p.Name, code, body, err)
		}
		digests[p.Status.ContainerStatuses[0].ImageID] = true
	}
	if len(pods.Items) != count || len(digests) != 1 {
		t.Errorf("got %d pods with images %v", len(pods.Items), digests)
	}
}

func (c *cluster) testCrashLoop(t *testing.T) {
	namespace := c.namespace(t, "crash-loop")
	c.create(t, namespace, pod("crash", "registry.local/text:v2", "echo fatal: no luck >&2; exit 3"))
	st := c.awaitContainer(t, namespace, "crash", "is in a crash loop", func(st corev1.ContainerStatus) bool {
		return st.RestartCount >= 2 && waitingFor("CrashLoopBackOff")(st)
	})
	if end := st.LastTerminationState.Terminated; end == nil || end.ExitCode != 3 || end.Reason != "Error" {
		t.Errorf("got %+v", st.LastTerminationState)
	}
	eventually(t, "its previous log is shown", func() error { // the one before that may just be removed
		if out, code := c.kubectl(t, "-n", namespace, "logs", "--previous", "crash"); out != "fatal: no luck" || code != 0 {
			return fmt.Errorf("got %d, %q", code, out)
		}
		return nil
	})
}

func (c *cluster) testExec(t *testing.T) {
	namespace := c.namespace(t, "exec")
	c.create(t, namespace, pod("main", "registry.local/text:v2", "exec sleep 1000"))
	c.awaitContainer(t, namespace, "main", "runs", running)
	out, code := c.kubectl(t, "-n", namespace, "exec", "main", "--", "sh", "-c", "hostname; cat text; exit 7")
	if code != 7 || !strings.HasPrefix(out, "main\ntwo\n") {
		t.Errorf("got %d, %q", code, out)
	}
}

func (c *cluster) testVolumes(t *testing.T) {
	namespace := c.namespace(t, "volumes")
	_, err := c.client.CoreV1().ConfigMaps(namespace).Create(t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "config"}, Data: map[string]string{"key": "value"},
	}, metav1.CreateOptions{})
	must(t, err)
	p := pod("main", "registry.local/text:v2", `cat /config/key; echo; touch /config/x 2>/dev/null || echo read-only
		echo in memory > /memory/file; cat /memory/file
		test -s /var/run/secrets/kubernetes.io/serviceaccount/token && echo token; grep -c "$(hostname)" /etc/hosts`)
	p.Spec.RestartPolicy = corev1.RestartPolicyNever
	p.Spec.Volumes = []corev1.Volume{
		{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "config"}}}},
		{Name: "memory", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{Medium: corev1.StorageMediumMemory}}},
	}
	p.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "config", MountPath: "/config"}, {Name: "memory", MountPath: "/memory"}}
	c.create(t, namespace, p)
	c.awaitContainer(t, namespace, "main", "ends", func(st corev1.ContainerStatus) bool { return st.State.Terminated != nil })
	if out, _ := c.kubectl(t, "-n", namespace, "logs", "main"); out != "value\nread-only\nin memory\ntoken\n1" {
		t.Errorf("got %q", out)
	}
	if _, err := os.Stat("/var/run/secrets/kubernetes.io"); !os.IsNotExist(err) {
		t.Errorf("the token is on the machine: %v", err)
	}
}

func (c *cluster) testService(t *testing.T) {
	namespace := "roll-out" // has the servers
	s, err := c.client.CoreV1().Services(namespace).Create(t.Context(), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "server"},
		Spec: corev1.ServiceSpec{
			Selector: map[string]string{"app": "server"},
			Ports:    []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromInt32(8000)}},
		},
	}, metav1.CreateOptions{})
	must(t, err)
	client := http.Client{Timeout: 5 * time.Second}
	eventually(t, "the Service answers", func() error {
		response, err := client.Get("http://" + s.Spec.ClusterIP)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if body, err := io.ReadAll(response.Body); err != nil || string(body) != "2" {
			return fmt.Errorf("%q, %w", body, err)
		}
		return nil
	})
}
