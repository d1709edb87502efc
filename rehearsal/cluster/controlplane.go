package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// auditPolicy is what the audit log has: one line of metadata for each
// answered request of anybody but the cluster's own components.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: None
  users:
  - system:apiserver
  - system:kube-controller-manager
  - system:kube-scheduler
  - system:kube-proxy
  - system:node:` + nodeName + `
  - ` + operatorUser + `
- level: None
  userGroups: ["system:serviceaccounts:kube-system"]
- level: None
  nonResourceURLs: ["/healthz*", "/livez*", "/readyz*"]
- level: Metadata
`

// operatorUser is "up" itself, which watches its own cluster.
const operatorUser = "rehearsal:up"

type apiServerOptions struct {
	port                  int
	etcd                  string // URL
	services              netip.Prefix
	auditPolicy, auditLog string // files
	goawayChance          float64
	pki                   *pki
}

// serviceAccountIssuer is who says it has issued the tokens of ServiceAccounts.
const serviceAccountIssuer = "https://kubernetes.default.svc"

func (o apiServerOptions) args() []string {
	p := o.pki
	return []string{
		"--etcd-servers=" + o.etcd,
		"--bind-address=127.0.0.1", "--secure-port=" + strconv.Itoa(o.port),
		"--endpoint-reconciler-type=none", // a loopback address is not a valid endpoint
		"--service-cluster-ip-range=" + o.services.String(),
		"--tls-cert-file=" + p.path("apiserver.crt"), "--tls-private-key-file=" + p.path("apiserver.key"),
		"--client-ca-file=" + p.path("ca.crt"), "--token-auth-file=" + p.path("tokens.csv"), "--anonymous-auth=false",
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
		"--service-account-issuer=" + serviceAccountIssuer,
		"--service-account-key-file=" + p.path("sa.key"), "--service-account-signing-key-file=" + p.path("sa.key"),
		"--kubelet-certificate-authority=" + p.path("ca.crt"), "--kubelet-preferred-address-types=InternalIP",
		"--kubelet-client-certificate=" + p.path("apiserver-kubelet.crt"), "--kubelet-client-key=" + p.path("apiserver-kubelet.key"),
		"--audit-policy-file=" + o.auditPolicy, "--audit-log-path=" + o.auditLog,
		"--profiling=false",
		"--goaway-chance=" + strconv.FormatFloat(o.goawayChance, 'g', -1, 64),
	}
}

// controllerManagerArgs and schedulerArgs: there is one of each, so no leader
// is elected; and their default rates would slow down a rollout.
func controllerManagerArgs(p *pki) []string {
	return []string{
		"--kubeconfig=" + p.path("controller-manager.kubeconfig"), "--secure-port=0", "--leader-elect=false",
		"--kube-api-qps=200", "--kube-api-burst=400",
		"--use-service-account-credentials",
		"--service-account-private-key-file=" + p.path("sa.key"), "--root-ca-file=" + p.path("ca.crt"),
	}
}

func schedulerArgs(p *pki) []string {
	return []string{
		"--kubeconfig=" + p.path("scheduler.kubeconfig"), "--secure-port=0", "--leader-elect=false",
		"--kube-api-qps=200", "--kube-api-burst=400",
	}
}

func writeAuditPolicy(file string) error { return os.WriteFile(file, []byte(auditPolicy), 0o644) }

// apiServerReady returns nil once the API server serves.
func apiServerReady(ctx context.Context, client kubernetes.Interface) error {
	return client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
}

// usable returns nil once a pod can be created and run: it is refused without
// its namespace's default ServiceAccount, and waits for a node.
func usable(ctx context.Context, client kubernetes.Interface) error {
	if _, err := client.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{}); err != nil {
		return err
	}
	node, err := client.CoreV1().Nodes().Get(ctx, nodeName, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if len(node.Spec.Taints) > 0 {
		return fmt.Errorf("the node has the taint %s", node.Spec.Taints[0].Key)
	}
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue {
			return nil
		}
	}
	return errors.New("the node is not ready")
}
