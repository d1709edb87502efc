package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	"k8s.io/klog/v2/textlogger"
)

// cluster is a running cluster.
type cluster struct {
	upOptions
	begin      time.Time
	server     string // URL of the API server
	pki        *pki
	etcd       *embed.Etcd
	components *supervisor
	client     kubernetes.Interface
}

// runCluster starts a cluster and runs it until a signal, its parent's end or
// a component's. It leaves nothing behind but files.
func runCluster(o upOptions) (err error) {
	// The kernel kills the components when the thread that started them ends.
	runtime.LockOSThread()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer cancel()
	restart := make(chan os.Signal, 1)
	signal.Notify(restart, syscall.SIGUSR1)
	// Whoever read the output may be gone: no reason to end out of order.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	if o.parent != 0 {
		if err := onEndOf(o.parent, cancel); err != nil {
			return err
		}
	}

	lock, err := makeRunDir(o.dir)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := logToFile(filepath.Join(o.logs(), "up.log")); err != nil {
		return err
	}
	c := &cluster{upOptions: o, begin: time.Now(), components: newSupervisor(o.logs())}
	cleanup, err := c.addRoutes(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cleanup.run()) }()
	defer c.stop()
	if err := c.start(ctx); err != nil {
		return err
	}
	for {
		select {
		case <-restart:
			if err := c.restartAPIServer(ctx); err != nil {
				return err
			}
		case err := <-c.components.ended:
			return err
		case <-cleanup.ended:
			return fmt.Errorf("the cleanup process ended unexpectedly; its log: %s", cleanup.log)
		case <-ctx.Done():
			c.report("stopping")
			return nil
		}
	}
}

// logToFile sends what client-go logs to a file: the output is for progress.
func logToFile(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	klog.SetLogger(textlogger.NewLogger(textlogger.NewConfig(textlogger.Output(file))))
	return nil
}

// report prints a line of progress.
func (c *cluster) report(format string, args ...any) {
	fmt.Printf("%6.2fs  %s\n", time.Since(c.begin).Seconds(), fmt.Sprintf(format, args...))
}

// addRoutes claims the two ranges and has the machine answer on them, until
// the returned cleanup runs.
func (c *cluster) addRoutes(ctx context.Context) (*cleanup, error) {
	ranges := []netip.Prefix{c.pods, c.services}
	var claims []*os.File
	for _, r := range ranges {
		claim, err := claimRange(ctx, claimsDir, r, owner{os.Getpid(), c.dir})
		if err != nil {
			return nil, err
		}
		claims = append(claims, claim)
	}
	cleanup, err := startCleanup(c.logs(), traces{ranges, c.readyFile()}, claims)
	if err != nil {
		return nil, err
	}
	for _, r := range ranges {
		if err := addRoute(r); err != nil {
			return nil, errors.Join(err, cleanup.run())
		}
	}
	return cleanup, nil
}

// start returns once the cluster can be used.
func (c *cluster) start(ctx context.Context) error {
	port, err := c.port, error(nil)
	if port == 0 {
		if port, err = freePort(); err != nil {
			return err
		}
	}
	c.server = "https://127.0.0.1:" + strconv.Itoa(port)
	if c.pki, err = writePKI(c.pkiDir(), c.server, c.serviceIP(1).AsSlice(), c.users()); err != nil {
		return err
	}
	var etcdURL string
	if c.etcd, etcdURL, err = startEtcd(ctx, filepath.Join(c.dir, "etcd"), filepath.Join(c.logs(), "etcd.log")); err != nil {
		return err
	}
	c.report("etcd is ready")

	config, err := clientcmd.BuildConfigFromFlags("", c.operatorKubeconfig())
	if err != nil {
		return err
	}
	if c.client, err = kubernetes.NewForConfig(config); err != nil {
		return err
	}
	if err := c.startAPIServer(ctx, port, etcdURL); err != nil {
		return err
	}
	if err := c.startServiceProxy(ctx, port); err != nil {
		return err
	}
	if err := c.startControllersAndNode(); err != nil {
		return err
	}
	if err := c.components.await(ctx, "the cluster", func() error { return usable(ctx, c.client) }); err != nil {
		return err
	}
	c.report("the node is ready")
	return c.announce()
}

func (c *cluster) stop() {
	c.components.stop()
	if c.etcd != nil {
		c.etcd.Close()
	}
}

// serviceIP is the nth address of the Services' range. The first is the API
// server's, as every cluster has it.
func (c *cluster) serviceIP(n int) netip.Addr {
	ip := c.services.Addr()
	for range n {
		ip = ip.Next()
	}
	return ip
}

// users are the people and components that have a token. Only the first two
// may do everything.
func (c *cluster) users() []user {
	pki := func(name string) string { return filepath.Join(c.pkiDir(), name+".kubeconfig") }
	return []user{
		{name: "admin", group: "system:masters", kubeconfig: c.kubeconfig()},
		{name: operatorUser, group: "system:masters", kubeconfig: c.operatorKubeconfig()},
		{name: "system:kube-controller-manager", kubeconfig: pki("controller-manager")},
		{name: "system:kube-scheduler", kubeconfig: pki("scheduler")},
		{name: "system:kube-proxy", kubeconfig: pki("proxy")},
		{name: "system:node:" + nodeName, group: "system:nodes", kubeconfig: pki("node")},
	}
}
