package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	kubeletapp "k8s.io/kubernetes/cmd/kubelet/app"
	"k8s.io/kubernetes/cmd/kubelet/app/options"
	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"
	"k8s.io/kubernetes/pkg/kubelet/cm"
	"k8s.io/kubernetes/pkg/util/oom"

	"rehearsal/cluster/process"
)

// nodeName is an address because the kubelet then reports it as the node's
// InternalIP unchecked, where it refuses a loopback --node-ip.
const nodeName = "127.0.0.1"

// nodeState is where the node sees its own directory, in its own mount
// namespace: the kubelet makes sockets below it, and the path of a socket
// cannot have more than 107 bytes.
const (
	nodeState = "/run/rehearsal-cluster/node"
	criSocket = nodeState + "/cri.sock"
)

type nodeOptions struct {
	dir, kubeconfig, pki, images, podCIDR, clusterDNS string
	port                                              int32
	maxBackOff                                        time.Duration
}

func newNodeCommand() *cobra.Command {
	var o nodeOptions
	cmd := &cobra.Command{
		Use:          "node",
		Short:        "Run the kubelet over a runtime whose containers are local processes",
		SilenceUsage: true,
		Args:         cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return runNode(ctx, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.dir, "dir", "", "directory for the node's state")
	f.StringVar(&o.kubeconfig, "kubeconfig", "", "the node's kubeconfig")
	f.StringVar(&o.pki, "pki", "", "directory with ca.crt, kubelet.crt and kubelet.key")
	f.StringVar(&o.images, "images", "", "directory that stands for the registry")
	f.StringVar(&o.podCIDR, "pod-cidr", "", "range of the pods' addresses; the machine must answer on all of it")
	f.StringVar(&o.clusterDNS, "cluster-dns", "", "address that pods are told to ask for names")
	f.Int32Var(&o.port, "port", 0, "the kubelet's port on 127.0.0.1")
	f.DurationVar(&o.maxBackOff, "max-back-off", 0, "longest pause between restarts of a crashing container")
	return cmd
}

// runNode runs runtime and kubelet until ctx ends.
func runNode(ctx context.Context, o nodeOptions) error {
	podCIDR, err := netip.ParsePrefix(o.podCIDR)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(nodeState, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(o.dir, nodeState, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount %s on %s: %w", o.dir, nodeState, err)
	}
	runtime, err := process.New(process.Options{Dir: nodeState, Registry: o.images, PodCIDR: podCIDR})
	if err != nil {
		return err
	}
	defer runtime.Close()
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	if err := runtime.Serve(criSocket, fail); err != nil {
		return err
	}

	flags := options.NewKubeletFlags()
	flags.HostnameOverride = nodeName
	flags.KubeConfig = o.kubeconfig
	flags.RootDirectory = filepath.Join(nodeState, "kubelet")
	flags.CertDirectory = o.pki
	config, err := o.kubeletConfiguration()
	if err != nil {
		return err
	}
	server := &options.KubeletServer{KubeletFlags: *flags, KubeletConfiguration: *config}
	deps, err := kubeletapp.UnsecuredDependencies(ctx, server, utilfeature.DefaultFeatureGate)
	if err != nil {
		return err
	}
	deps.CAdvisorInterface = &machine{}
	deps.ContainerManager = noCgroups{cm.NewStubContainerManager()}
	deps.OOMAdjuster = oom.NewFakeOOMAdjuster()
	deps.OSInterface = privateOS{}
	return kubeletapp.Run(ctx, server, deps, utilfeature.DefaultFeatureGate)
}

func (o nodeOptions) kubeletConfiguration() (*kubeletconfig.KubeletConfiguration, error) {
	c, err := options.NewKubeletConfiguration()
	if err != nil {
		return nil, err
	}
	c.ContainerRuntimeEndpoint = "unix://" + criSocket
	c.PodLogsDir = filepath.Join(nodeState, "pod-logs")
	c.VolumePluginDir = filepath.Join(nodeState, "volume-plugins")
	c.Address, c.Port, c.HealthzPort = "127.0.0.1", o.port, 0
	c.TLSCertFile = filepath.Join(o.pki, "kubelet.crt")
	c.TLSPrivateKeyFile = filepath.Join(o.pki, "kubelet.key")
	c.Authentication.X509.ClientCAFile = filepath.Join(o.pki, "ca.crt")
	c.Authentication.Anonymous.Enabled = false
	c.ReadOnlyPort = 0 // the default serves everything without authentication
	// Nobody answers there, and processes use the machine's resolver; but
	// without it each pod gets a warning event.
	c.ClusterDNS = []string{o.clusterDNS}
	c.MaxPods = 250
	c.CrashLoopBackOff.MaxContainerRestartPeriod.Duration = o.maxBackOff
	// There is no registry to be gentle with: the default of 5 pulls a second
	// fails the pods of a larger rollout with "pull QPS exceeded", and one
	// delayed pull would hold up those of every other namespace.
	c.RegistryPullQPS, c.EventRecordQPS = 0, 0
	c.SerializeImagePulls = false
	// Nothing here may touch the machine: no cgroups, iptables, eviction or
	// deletion of images.
	c.CgroupsPerQOS = false
	c.EnforceNodeAllocatable = nil
	c.FailSwapOn, c.FailCgroupV1 = false, false
	c.MakeIPTablesUtilChains = false
	c.LocalStorageCapacityIsolation = false
	c.EvictionHard = nil
	c.ImageGCHighThresholdPercent = 100
	return c, nil
}
