package e2e

import (
	"errors"
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/utils/ptr"
)

// namespace makes a namespace in which pods can be created.
func (c *cluster) namespace(t *testing.T, name string) string {
	t.Helper()
	_, err := c.client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	must(t, err)
	eventually(t, "the namespace has its ServiceAccount", func() error {
		_, err := c.client.CoreV1().ServiceAccounts(name).Get(t.Context(), "default", metav1.GetOptions{})
		return err
	})
	return name
}

func (c *cluster) pods(namespace string) v1.PodInterface { return c.client.CoreV1().Pods(namespace) }

// pod describes a pod of one container; a script replaces the image's command.
func pod(name, image, script string) *corev1.Pod {
	container := corev1.Container{Name: "main", Image: image}
	if script != "" {
		container.Command = []string{"/bin/sh", "-c", script}
	}
	container.Env = []corev1.EnvVar{{Name: "POD_IP", ValueFrom: &corev1.EnvVarSource{
		FieldRef: &corev1.ObjectFieldSelector{FieldPath: "status.podIP"},
	}}}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": name}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{container}, TerminationGracePeriodSeconds: ptr.To[int64](2)},
	}
}

func (c *cluster) create(t *testing.T, namespace string, p *corev1.Pod) {
	t.Helper()
	_, err := c.pods(namespace).Create(t.Context(), p, metav1.CreateOptions{})
	must(t, err)
}

// awaitContainer waits until a pod's only container is as ok wants it.
func (c *cluster) awaitContainer(t *testing.T, namespace, name, what string, ok func(corev1.ContainerStatus) bool) corev1.ContainerStatus {
	t.Helper()
	var st corev1.ContainerStatus
	eventually(t, name+" "+what, func() error {
		p, err := c.pods(namespace).Get(t.Context(), name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if len(p.Status.ContainerStatuses) == 0 {
			return errors.New("no container yet")
		}
		if st = p.Status.ContainerStatuses[0]; !ok(st) {
			return fmt.Errorf("%+v", st)
		}
		return nil
	})
	return st
}

func running(st corev1.ContainerStatus) bool { return st.State.Running != nil }

func waitingFor(reason string) func(corev1.ContainerStatus) bool {
	return func(st corev1.ContainerStatus) bool {
		return st.State.Waiting != nil && st.State.Waiting.Reason == reason
	}
}

// deployment describes a Deployment of servers that are ready once they answer.
func deployment(name, image string, replicas int32) *appsv1.Deployment {
	p := pod(name, image, "")
	p.Spec.Containers[0].ReadinessProbe = &corev1.Probe{
		ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Port: intstr.FromInt32(8000)}},
		PeriodSeconds: 1,
	}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: p.Labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: p.Labels}, Spec: p.Spec},
		},
	}
}

// rollOut changes a Deployment and waits until all its pods are new and ready.
func (c *cluster) rollOut(t *testing.T, namespace, name string, change func(*appsv1.DeploymentSpec)) {
	t.Helper()
	deployments := c.client.AppsV1().Deployments(namespace)
	d, err := deployments.Get(t.Context(), name, metav1.GetOptions{})
	must(t, err)
	change(&d.Spec)
	d, err = deployments.Update(t.Context(), d, metav1.UpdateOptions{})
	must(t, err)
	c.awaitRollOut(t, namespace, name, d.Generation)
}

func (c *cluster) awaitRollOut(t *testing.T, namespace, name string, generation int64) {
	t.Helper()
	eventually(t, name+" is rolled out", func() error {
		d, err := c.client.AppsV1().Deployments(namespace).Get(t.Context(), name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		want, s := *d.Spec.Replicas, d.Status
		if s.ObservedGeneration < generation || s.Replicas != want || s.UpdatedReplicas != want || s.AvailableReplicas != want {
			return fmt.Errorf("%+v", s)
		}
		return nil
	})
}
