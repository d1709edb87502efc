package e2e

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	clientauthentication "k8s.io/client-go/pkg/apis/clientauthentication/v1"
	"k8s.io/client-go/rest"
)

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

func (c *cluster) testToken(t *testing.T) {
	namespace := c.namespace(t, "short")
	account, err := c.client.CoreV1().ServiceAccounts(namespace).Create(t.Context(),
		&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "login"}}, metav1.CreateOptions{})
	must(t, err)
	const duration = 3 * time.Second
	before := time.Now()
	output, err := exec.Command(os.Getenv("CLUSTER_BINARY"), "token", "--dir", c.dir, "--namespace", namespace,
		"--service-account", "login", "--uid", string(account.UID), "--duration", duration.String()).Output()
	must(t, err)
	var credential clientauthentication.ExecCredential
	must(t, json.Unmarshal(output, &credential))
	// It is written in whole seconds.
	if end := credential.Status.ExpirationTimestamp; end.Before(&metav1.Time{Time: before.Add(duration - time.Second)}) || end.After(time.Now().Add(duration)) {
		t.Errorf("it ends at %v, having been made at %v", end, before)
	}
	config := rest.AnonymousClientConfig(c.config)
	config.BearerToken = credential.Status.Token
	login, err := kubernetes.NewForConfig(config)
	must(t, err)
	who := func() error {
		review, err := login.AuthenticationV1().SelfSubjectReviews().Create(t.Context(), &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
		if err == nil && review.Status.UserInfo.Username != "system:serviceaccount:short:login" {
			t.Errorf("it is %s", review.Status.UserInfo.Username)
		}
		return err
	}
	must(t, who())
	eventually(t, "the token is refused", func() error {
		if err := who(); !apierrors.IsUnauthorized(err) {
			return fmt.Errorf("got %v", err)
		}
		return nil
	})
	if age := time.Since(before); age < duration || age > duration+tokenCache+patience/10 {
		t.Errorf("refused %v after it was made", age)
	}
}

// tokenCache is how long the API server believes a token without looking at it again.
const tokenCache = 10 * time.Second

func (c *cluster) testGoaway(t *testing.T) {
	client, err := rest.HTTPClientFor(c.config)
	must(t, err)
	connections := 0
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		if !info.Reused {
			connections++
		}
	}})
	// That none of so many ends the connection has a probability of 2e-9.
	const requests = 1000
	for range requests {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Server+"/version", nil)
		must(t, err)
		response, err := client.Do(request)
		must(t, err)
		_, err = io.Copy(io.Discard, response.Body)
		must(t, errors.Join(err, response.Body.Close()))
		if response.ProtoMajor != 2 || response.StatusCode != http.StatusOK {
			t.Fatalf("got %s, %s", response.Proto, response.Status)
		}
	}
	if connections < 2 {
		t.Errorf("%d requests over %d connections", requests, connections)
	}
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
