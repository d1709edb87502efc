package main

import (
	"os"
	"strings"

	cadvisorapi "github.com/google/cadvisor/lib/model"
	"golang.org/x/sys/unix"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"
	cadvisortest "k8s.io/kubernetes/pkg/kubelet/cadvisor/testing"
	"k8s.io/kubernetes/pkg/kubelet/cm"
	kubecontainer "k8s.io/kubernetes/pkg/kubelet/container"
)

// What the kubelet is shown of the machine, and kept away from.

// machine reports a node so large that no pod is refused for want of room:
// requests and limits are not enforced here anyway.
type machine struct{ cadvisortest.Fake }

func (*machine) MachineInfo(klog.Logger) (*cadvisorapi.MachineInfo, error) {
	return &cadvisorapi.MachineInfo{
		NumCores: 64, MemoryCapacity: 256 << 30,
		MachineID: "cluster", SystemUUID: "cluster", BootID: "cluster",
	}, nil
}

func (*machine) VersionInfo() (*cadvisorapi.VersionInfo, error) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return nil, err
	}
	return &cadvisorapi.VersionInfo{
		KernelVersion:      unix.ByteSliceToString(u.Release[:]),
		ContainerOsVersion: "local processes",
	}, nil
}

// privateOS keeps the kubelet out of the machine's /var/log/containers.
type privateOS struct{ kubecontainer.RealOS }

func shared(path string) bool { return strings.HasPrefix(path, "/var/log/containers") }

func (o privateOS) MkdirAll(path string, perm os.FileMode) error {
	if shared(path) {
		return nil
	}
	return o.RealOS.MkdirAll(path, perm)
}

func (o privateOS) Symlink(target, path string) error {
	if shared(path) {
		return nil
	}
	return o.RealOS.Symlink(target, path)
}

// noCgroups is the kubelet's own stand-in for its container manager. Its pods
// have no cgroup settings, which is not the error that the stand-in makes of it.
type noCgroups struct{ cm.ContainerManager }

func (m noCgroups) NewPodContainerManager() cm.PodContainerManager {
	return noPodCgroups{m.ContainerManager.NewPodContainerManager()}
}

type noPodCgroups struct{ cm.PodContainerManager }

func (noPodCgroups) GetPodCgroupConfig(*corev1.Pod, corev1.ResourceName) (*cm.ResourceConfig, error) {
	return nil, nil
}
