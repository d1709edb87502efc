package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

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
