package process

import (
	"context"
	"net/netip"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// sandbox is what a pod's containers share: an address, unless the pod uses
// the host's network.
type sandbox struct {
	id      string
	config  *cri.PodSandboxConfig
	ip      netip.Addr
	state   cri.PodSandboxState
	created int64
}

func (s *sandbox) options() *cri.NamespaceOption {
	return s.config.GetLinux().GetSecurityContext().GetNamespaceOptions()
}

func (s *sandbox) hostNetwork() bool { return s.options().GetNetwork() == cri.NamespaceMode_NODE }

// RunPodSandbox gives a pod its address.
func (r *Runtime) RunPodSandbox(_ context.Context, req *cri.RunPodSandboxRequest) (*cri.RunPodSandboxResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &sandbox{id: newID(), config: req.GetConfig(), created: time.Now().UnixNano()}
	if !s.hostNetwork() {
		var err error
		if s.ip, err = r.addresses.take(); err != nil {
			return nil, err
		}
	}
	r.sandboxes[s.id] = s
	return &cri.RunPodSandboxResponse{PodSandboxId: s.id}, nil
}

// StopPodSandbox kills what still runs in a pod and frees its address.
func (r *Runtime) StopPodSandbox(_ context.Context, req *cri.StopPodSandboxRequest) (*cri.StopPodSandboxResponse, error) {
	r.stopSandbox(req.GetPodSandboxId())
	return &cri.StopPodSandboxResponse{}, nil
}

func (r *Runtime) stopSandbox(id string) {
	for _, c := range r.containersOf(id) {
		c.stop(0)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.sandboxes[id]; s != nil && s.state == cri.PodSandboxState_SANDBOX_READY {
		s.state = cri.PodSandboxState_SANDBOX_NOTREADY
		r.addresses.release(s.ip)
	}
}

// RemovePodSandbox forgets a pod and its containers.
func (r *Runtime) RemovePodSandbox(_ context.Context, req *cri.RemovePodSandboxRequest) (*cri.RemovePodSandboxResponse, error) {
	r.stopSandbox(req.GetPodSandboxId())
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, c := range r.containers {
		if c.sandbox.id == req.GetPodSandboxId() {
			delete(r.containers, id)
		}
	}
	delete(r.sandboxes, req.GetPodSandboxId())
	return &cri.RemovePodSandboxResponse{}, nil
}

func (r *Runtime) containersOf(sandbox string) []*container {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []*container
	for _, c := range r.containers {
		if c.sandbox.id == sandbox {
			list = append(list, c)
		}
	}
	return list
}

// PodSandboxStatus reports a pod's address and state.
func (r *Runtime) PodSandboxStatus(_ context.Context, req *cri.PodSandboxStatusRequest) (*cri.PodSandboxStatusResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.sandboxes[req.GetPodSandboxId()]
	if s == nil {
		return nil, status.Errorf(codes.NotFound, "no sandbox %s", req.GetPodSandboxId())
	}
	out := &cri.PodSandboxStatus{
		Id: s.id, Metadata: s.config.Metadata, State: s.state, CreatedAt: s.created,
		Labels: s.config.Labels, Annotations: s.config.Annotations,
		Network: &cri.PodSandboxNetworkStatus{},
		Linux:   &cri.LinuxPodSandboxStatus{Namespaces: &cri.Namespace{Options: s.options()}},
	}
	if s.ip.IsValid() {
		out.Network.Ip = s.ip.String()
	}
	return &cri.PodSandboxStatusResponse{Status: out}, nil
}

// ListPodSandbox lists the pods that a filter lets through.
func (r *Runtime) ListPodSandbox(_ context.Context, req *cri.ListPodSandboxRequest) (*cri.ListPodSandboxResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f, out := req.GetFilter(), &cri.ListPodSandboxResponse{}
	for _, s := range r.sandboxes {
		if f.GetId() != "" && f.Id != s.id || f.GetState() != nil && f.State.State != s.state ||
			!matches(f.GetLabelSelector(), s.config.Labels) {
			continue
		}
		out.Items = append(out.Items, &cri.PodSandbox{
			Id: s.id, Metadata: s.config.Metadata, State: s.state, CreatedAt: s.created,
			Labels: s.config.Labels, Annotations: s.config.Annotations,
		})
	}
	return out, nil
}
