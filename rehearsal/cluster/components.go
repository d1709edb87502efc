package main

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

func (c *cluster) startAPIServer(ctx context.Context, port int, etcdURL string) error {
	o := apiServerOptions{
		port: port, etcd: etcdURL, services: c.services, pki: c.pki,
		auditPolicy: filepath.Join(c.dir, "audit-policy.yaml"), auditLog: c.auditLog,
		goawayChance: c.goawayChance,
	}
	if err := writeAuditPolicy(o.auditPolicy); err != nil {
		return err
	}
	if err := c.components.start("kube-apiserver", o.args()...); err != nil {
		return err
	}
	return c.awaitAPIServer(ctx)
}

func (c *cluster) awaitAPIServer(ctx context.Context) error {
	if err := c.components.await(ctx, "kube-apiserver", func() error { return apiServerReady(ctx, c.client) }); err != nil {
		return err
	}
	c.report("kube-apiserver is ready at %s", c.server)
	return nil
}

// restartAPIServer keeps etcd, certificates and every other component.
func (c *cluster) restartAPIServer(ctx context.Context) error {
	c.report("restarting kube-apiserver")
	if err := c.components.restart("kube-apiserver"); err != nil {
		return err
	}
	return c.awaitAPIServer(ctx)
}

func (c *cluster) startServiceProxy(ctx context.Context, port int) error {
	config, err := clientcmd.BuildConfigFromFlags("", c.pki.path("proxy.kubeconfig"))
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	go runServiceProxy(ctx, client, "127.0.0.1:"+strconv.Itoa(port))
	return nil
}

func (c *cluster) startControllersAndNode() error {
	kubeletPort, err := freePort()
	if err != nil {
		return err
	}
	return errors.Join(
		c.components.start("kube-controller-manager", controllerManagerArgs(c.pki)...),
		c.components.start("kube-scheduler", schedulerArgs(c.pki)...),
		c.components.start("node",
			"--dir="+filepath.Join(c.dir, "node"), "--kubeconfig="+c.pki.path("node.kubeconfig"), "--pki="+c.pki.dir,
			"--images="+c.images, "--pod-cidr="+c.pods.String(), "--cluster-dns="+c.serviceIP(10).String(),
			"--port="+strconv.Itoa(kubeletPort), "--max-back-off="+c.maxBackOff.String()))
}
