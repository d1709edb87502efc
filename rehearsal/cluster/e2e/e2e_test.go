package e2e

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
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

func (c *cluster) testImages(t *testing.T) {
	namespace := c.namespace(t, "images")
	const sleep, config = "cat text; exec sleep 1000", `{"Env": ["A=1"]}`
	c.addImage("text", "v1", config, map[string]string{"text": "one\n"})
	c.addImage("text", "same", config, map[string]string{"text": "one\n"})
	c.addImage("text", "v2", config, map[string]string{"text": "two\n"})
	digest := func(name, image string) string {
		c.create(t, namespace, pod(name, image, sleep))
		st := c.awaitContainer(t, namespace, name, "runs", running)
		if st.Image != image {
			t.Errorf("%s reports image %s", name, st.Image)
		}
		return st.ImageID
	}
	v1, v2 := digest("v1", "registry.local/text:v1"), digest("v2", "registry.local/text:v2")
	if !regexp.MustCompile(`^registry\.local/text@sha256:[0-9a-f]{64}$`).MatchString(v1) || v1 == v2 {
		t.Fatalf("v1 is %s, v2 is %s", v1, v2)
	}
	content := strings.TrimPrefix(v1, "registry.local/text")
	for name, image := range map[string]string{
		"same": "registry.local/text:same", "digest": v1, "both": "registry.local/text:v2" + content,
	} {
		if got := digest(name, image); got != v1 {
			t.Errorf("%s: got %s, want %s", image, got, v1)
		}
		if out, _ := c.kubectl(t, "-n", namespace, "logs", name); out != "one" {
			t.Errorf("%s runs %q", image, out)
		}
	}

	c.addImage("text", "v1", config, map[string]string{"text": "moved\n"})
	moved := pod("moved", "registry.local/text:v1", sleep)
	moved.Spec.Containers[0].ImagePullPolicy = corev1.PullAlways
	c.create(t, namespace, moved)
	if st := c.awaitContainer(t, namespace, "moved", "runs", running); st.ImageID == v1 {
		t.Error("the moved tag was not seen")
	}
	if out, _ := c.kubectl(t, "-n", namespace, "exec", "v1", "--", "cat", "text"); out != "one" {
		t.Errorf("the older pod now has %q", out)
	}
}

func (c *cluster) testMissingImage(t *testing.T) {
	namespace := c.namespace(t, "missing-image")
	c.create(t, namespace, pod("missing", "registry.local/text:v9", ""))
	st := c.awaitContainer(t, namespace, "missing", "fails to pull", waitingFor("ErrImagePull"))
	const want = `failed to pull and unpack image "registry.local/text:v9": failed to resolve reference "registry.local/text:v9": registry.local/text:v9: not found`
	if got := st.State.Waiting.Message; !strings.Contains(got, "code = NotFound") || !strings.Contains(got, want) {
		t.Errorf("got %s", got)
	}
	c.awaitContainer(t, namespace, "missing", "backs off", waitingFor("ImagePullBackOff"))
}

func (c *cluster) testPullFaults(t *testing.T) {
	faulty, slow, healthy := c.namespace(t, "faulty"), c.namespace(t, "slow"), c.namespace(t, "healthy")
	file := filepath.Join(c.images, "faults.json")
	must(t, os.WriteFile(file, []byte(`[
		{"namespace": "faulty", "image": "text:v2", "error": "unauthorized"},
		{"namespace": "slow", "image": "text", "delay": "1h"}
	]`), 0o644))
	defer os.Remove(file)
	always := func(name string) *corev1.Pod {
		p := pod(name, "registry.local/text:v2", "exec sleep 1000")
		p.Spec.Containers[0].ImagePullPolicy = corev1.PullAlways
		return p
	}
	c.create(t, slow, always("slow"))
	c.create(t, faulty, always("faulty"))
	st := c.awaitContainer(t, faulty, "faulty", "fails to pull", waitingFor("ErrImagePull"))
	if got := st.State.Waiting.Message; !strings.Contains(got, "insufficient_scope: authorization failed") {
		t.Errorf("got %s", got)
	}
	c.create(t, healthy, always("healthy"))
	c.awaitContainer(t, healthy, "healthy", "runs", running)
	c.awaitContainer(t, slow, "slow", "still waits", waitingFor("ContainerCreating"))
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
	if out, code := c.kubectl(t, "-n", namespace, "logs", "--previous", "crash"); out != "fatal: no luck" || code != 0 {
		t.Errorf("got %d, %q", code, out)
	}
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

func (c *cluster) testRBAC(t *testing.T) {
	namespace := c.namespace(t, "team")
	meta := metav1.ObjectMeta{Name: "deployer"}
	_, err := c.client.CoreV1().ServiceAccounts(namespace).Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: meta}, metav1.CreateOptions{})
	must(t, err)
	_, err = c.client.RbacV1().Roles(namespace).Create(t.Context(), &rbacv1.Role{ObjectMeta: meta, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{"apps"}, Resources: []string{"deployments"}, Verbs: []string{"list"}},
	}}, metav1.CreateOptions{})
	must(t, err)
	_, err = c.client.RbacV1().RoleBindings(namespace).Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: meta,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "deployer"},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Name: "deployer"}},
	}, metav1.CreateOptions{})
	must(t, err)
	token, err := c.client.CoreV1().ServiceAccounts(namespace).CreateToken(t.Context(), "deployer", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	must(t, err)
	config := rest.AnonymousClientConfig(c.config)
	config.BearerToken = token.Status.Token
	deployer, err := kubernetes.NewForConfig(config)
	must(t, err)

	eventually(t, "the role is effective", func() error {
		_, err := deployer.AppsV1().Deployments(namespace).List(t.Context(), metav1.ListOptions{})
		return err
	})
	if _, err := deployer.CoreV1().Secrets(namespace).List(t.Context(), metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("secrets: got %v", err)
	}
	if _, err := deployer.AppsV1().Deployments("default").List(t.Context(), metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("another namespace: got %v", err)
	}
	config.BearerToken = "wrong"
	nobody, err := kubernetes.NewForConfig(config)
	must(t, err)
	if _, err := nobody.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{}); !apierrors.IsUnauthorized(err) {
		t.Errorf("a wrong token: got %v", err)
	}
	c.checkAudit(t, "system:serviceaccount:team:deployer")
}

// checkAudit looks for what testRBAC did, and for what must not be logged.
func (c *cluster) checkAudit(t *testing.T, user string) {
	t.Helper()
	file, err := os.Open(c.AuditLog)
	must(t, err)
	defer file.Close()
	seen := map[string]bool{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var event struct {
			Level, Stage, Verb string
			User               struct{ Username string }
			ObjectRef          struct{ Namespace, Resource string }
			ResponseStatus     struct{ Code int }
		}
		must(t, json.Unmarshal(lines.Bytes(), &event))
		if event.Level != "Metadata" || event.Stage == "RequestReceived" ||
			strings.HasPrefix(event.User.Username, "system:kube-") || strings.HasPrefix(event.User.Username, "system:node:") {
			t.Errorf("should not be in the log: %s", lines.Text())
		}
		if event.User.Username == user {
			seen[fmt.Sprintf("%s %s/%s %d", event.Verb, event.ObjectRef.Namespace, event.ObjectRef.Resource, event.ResponseStatus.Code)] = true
		}
	}
	for _, want := range []string{"list team/deployments 200", "list team/secrets 403", "list default/deployments 403"} {
		if !seen[want] {
			t.Errorf("no %q in the audit log, but %v", want, seen)
		}
	}
}

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
	cmd := exec.Command(binary(t), upArgs(t.TempDir())...)
	cmd.Dir, cmd.SysProcAttr = "/", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	output, err := cmd.CombinedOutput()
	if exit := new(exec.ExitError); !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("got %v", err)
	}
	if got := string(output); got != "cluster up: root is needed, for mounts, namespaces and routes; start it with sudo\n" {
		t.Errorf("got %q", got)
	}
}
