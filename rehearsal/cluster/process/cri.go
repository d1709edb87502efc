// Package process is a container runtime for the kubelet whose containers are
// local processes. It serves the container runtime interface (CRI): a pod is
// no more than an address of the machine, a container is a process with its
// own view of the file system, of processes and of the host name, and the
// registry is a folder.
package process

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"google.golang.org/grpc"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
	"k8s.io/cri-streaming/pkg/streaming"
)

// Options says where a runtime works.
type Options struct {
	Dir      string       // its own state: pulled images, mount point
	Registry string       // the folder that stands for registry.local
	PodCIDR  netip.Prefix // the pods' addresses; the machine must answer on all of them
}

// Runtime implements the container runtime interface.
type Runtime struct {
	cri.UnimplementedRuntimeServiceServer
	scratch string   // where each container mounts its file system, in its own view
	mounts  []string // the machine's file systems besides the root's
	images  *imageService
	streams streaming.Server
	server  *grpc.Server

	mu         sync.Mutex
	addresses  *addressPool
	sandboxes  map[string]*sandbox
	containers map[string]*container
}

// New prepares a runtime; Serve starts it.
func New(o Options) (*Runtime, error) {
	r := &Runtime{
		scratch:    filepath.Join(o.Dir, "container"),
		server:     grpc.NewServer(),
		addresses:  newAddressPool(o.PodCIDR),
		sandboxes:  map[string]*sandbox{},
		containers: map[string]*container{},
	}
	if err := os.MkdirAll(r.scratch, 0o755); err != nil {
		return nil, err
	}
	var err error
	if r.mounts, err = machineMounts(o.Dir); err != nil {
		return nil, err
	}
	if r.images, err = newImageService(o.Registry, filepath.Join(o.Dir, "images")); err != nil {
		return nil, err
	}
	config := streaming.DefaultConfig
	config.Addr = "127.0.0.1:0"
	if r.streams, err = streaming.NewServer(config, streamRuntime{r}); err != nil {
		return nil, err
	}
	cri.RegisterRuntimeServiceServer(r.server, r)
	cri.RegisterImageServiceServer(r.server, r.images)
	return r, nil
}

// Serve answers on a Unix socket until Close, and starts the streaming server.
// It returns at once; failed is told if one of them ends early.
func (r *Runtime) Serve(socket string, failed func(error)) error {
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	serve := func(run func() error) {
		if err := run(); err != nil {
			failed(err)
		}
	}
	go serve(func() error { return r.server.Serve(listener) })
	go serve(func() error { return r.streams.Start(true) })
	return nil
}

// closeGrace is what containers get between SIGTERM and SIGKILL when the node
// itself ends.
const closeGrace = time.Second

// Close ends every container and stops serving.
func (r *Runtime) Close() {
	r.server.Stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	var ended sync.WaitGroup
	for _, c := range r.containers {
		ended.Go(func() { c.stop(closeGrace) })
	}
	ended.Wait()
}

// Version names the runtime, as the node's containerRuntimeVersion.
func (r *Runtime) Version(context.Context, *cri.VersionRequest) (*cri.VersionResponse, error) {
	return &cri.VersionResponse{Version: "0.1.0", RuntimeName: "process", RuntimeVersion: "1.0.0", RuntimeApiVersion: "v1"}, nil
}

// Status is always ready: there is nothing to wait for.
func (r *Runtime) Status(context.Context, *cri.StatusRequest) (*cri.StatusResponse, error) {
	return &cri.StatusResponse{Status: &cri.RuntimeStatus{Conditions: []*cri.RuntimeCondition{
		{Type: cri.RuntimeReady, Status: true},
		{Type: cri.NetworkReady, Status: true},
	}}}, nil
}

// RuntimeConfig keeps the kubelet away from systemd: there are no cgroups here.
func (r *Runtime) RuntimeConfig(context.Context, *cri.RuntimeConfigRequest) (*cri.RuntimeConfigResponse, error) {
	return &cri.RuntimeConfigResponse{Linux: &cri.LinuxRuntimeConfiguration{CgroupDriver: cri.CgroupDriver_CGROUPFS}}, nil
}

// UpdateRuntimeConfig has nothing to do: the node's pod range is an option.
func (r *Runtime) UpdateRuntimeConfig(context.Context, *cri.UpdateRuntimeConfigRequest) (*cri.UpdateRuntimeConfigResponse, error) {
	return &cri.UpdateRuntimeConfigResponse{}, nil
}

// newID returns an ID for a sandbox or container, of containerd's form.
func newID() string {
	id := make([]byte, 32)
	rand.Read(id) // never fails
	return hex.EncodeToString(id)
}

// matches tells whether labels have everything that selector asks for.
func matches(selector, labels map[string]string) bool {
	for key, value := range selector {
		if labels[key] != value {
			return false
		}
	}
	return true
}
