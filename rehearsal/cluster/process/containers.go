package process

import (
	"context"
	"path/filepath"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// CreateContainer prepares a container of a pulled image.
func (r *Runtime) CreateContainer(_ context.Context, req *cri.CreateContainerRequest) (*cri.CreateContainerResponse, error) {
	config := req.GetConfig()
	img, err := r.images.local(config.GetImage().GetImage())
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.sandboxes[req.GetPodSandboxId()]
	if s == nil {
		return nil, status.Errorf(codes.NotFound, "no sandbox %s", req.GetPodSandboxId())
	}
	c := &container{
		id: newID(), sandbox: s, config: config, image: img, scratch: r.scratch, machine: r.mounts,
		logPath: filepath.Join(req.GetSandboxConfig().GetLogDirectory(), config.LogPath),
		state:   cri.ContainerState_CONTAINER_CREATED, created: time.Now(),
		done: make(chan struct{}),
	}
	r.containers[c.id] = c
	return &cri.CreateContainerResponse{ContainerId: c.id}, nil
}

func (r *Runtime) container(id string) (*container, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.containers[id]; c != nil {
		return c, nil
	}
	return nil, status.Errorf(codes.NotFound, "no container %s", id)
}

// StartContainer starts a created container's process.
func (r *Runtime) StartContainer(_ context.Context, req *cri.StartContainerRequest) (*cri.StartContainerResponse, error) {
	c, err := r.container(req.GetContainerId())
	if err != nil {
		return nil, err
	}
	return &cri.StartContainerResponse{}, c.start()
}

// StopContainer stops a container within its grace period. To stop one that is
// gone is no error.
func (r *Runtime) StopContainer(_ context.Context, req *cri.StopContainerRequest) (*cri.StopContainerResponse, error) {
	if c, err := r.container(req.GetContainerId()); err == nil {
		c.stop(time.Duration(req.GetTimeout()) * time.Second)
	}
	return &cri.StopContainerResponse{}, nil
}

// RemoveContainer kills a container and forgets it. To remove one that is gone
// is no error.
func (r *Runtime) RemoveContainer(_ context.Context, req *cri.RemoveContainerRequest) (*cri.RemoveContainerResponse, error) {
	if c, err := r.container(req.GetContainerId()); err == nil {
		c.stop(0)
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.containers, c.id)
	}
	return &cri.RemoveContainerResponse{}, nil
}

// ListContainers lists the containers that a filter lets through.
func (r *Runtime) ListContainers(_ context.Context, req *cri.ListContainersRequest) (*cri.ListContainersResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f, out := req.GetFilter(), &cri.ListContainersResponse{}
	for _, c := range r.containers {
		st := c.status()
		if f.GetId() != "" && f.Id != c.id || f.GetPodSandboxId() != "" && f.PodSandboxId != c.sandbox.id ||
			f.GetState() != nil && f.State.State != st.State || !matches(f.GetLabelSelector(), c.config.Labels) {
			continue
		}
		out.Containers = append(out.Containers, &cri.Container{
			Id: c.id, PodSandboxId: c.sandbox.id, Metadata: st.Metadata, State: st.State, CreatedAt: st.CreatedAt,
			Image: st.Image, ImageRef: st.ImageRef, ImageId: st.ImageId, Labels: st.Labels, Annotations: st.Annotations,
		})
	}
	return out, nil
}

// ContainerStatus reports a container's state.
func (r *Runtime) ContainerStatus(_ context.Context, req *cri.ContainerStatusRequest) (*cri.ContainerStatusResponse, error) {
	c, err := r.container(req.GetContainerId())
	if err != nil {
		return nil, err
	}
	return &cri.ContainerStatusResponse{Status: c.status()}, nil
}

// UpdateContainerResources has nothing to do: resources are not enforced.
func (r *Runtime) UpdateContainerResources(context.Context, *cri.UpdateContainerResourcesRequest) (*cri.UpdateContainerResourcesResponse, error) {
	return &cri.UpdateContainerResourcesResponse{}, nil
}

// ReopenContainerLog follows a log rotation.
func (r *Runtime) ReopenContainerLog(_ context.Context, req *cri.ReopenContainerLogRequest) (*cri.ReopenContainerLogResponse, error) {
	c, err := r.container(req.GetContainerId())
	if err != nil {
		return nil, err
	}
	return &cri.ReopenContainerLogResponse{}, c.reopenLog()
}

// ListContainerStats has no figures: usage is not measured.
func (r *Runtime) ListContainerStats(context.Context, *cri.ListContainerStatsRequest) (*cri.ListContainerStatsResponse, error) {
	return &cri.ListContainerStatsResponse{}, nil
}
