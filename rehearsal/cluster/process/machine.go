package process

import (
	"strings"

	"github.com/moby/sys/mountinfo"
)

// machineMounts returns where the machine has mounted file systems with files
// that a program may need, besides the root's: a separate /home or /tmp, a
// checkout shared with a virtual machine. state is this runtime's directory.
func machineMounts(state string) ([]string, error) {
	var points []string
	_, err := mountinfo.GetMounts(func(m *mountinfo.Info) (skip, stop bool) {
		if holdsFiles(m, state) {
			points = append(points, m.Mountpoint)
		}
		return true, false
	})
	return points, err
}

func holdsFiles(m *mountinfo.Info, state string) bool {
	for _, dir := range []string{"/proc", "/sys", "/dev", state} {
		if m.Mountpoint == dir || strings.HasPrefix(m.Mountpoint, dir+"/") {
			return false
		}
	}
	switch m.FSType {
	case "autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "fusectl", "hugetlbfs",
		"mqueue", "nsfs", "proc", "pstore", "rpc_pipefs", "securityfs", "sysfs", "tracefs":
		return false // the kernel's own
	case "overlay", "squashfs":
		return false // other containers' roots, packages
	}
	return m.Mountpoint != "/"
}
