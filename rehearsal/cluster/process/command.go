package process

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// imageMount is where a container sees its image's own files.
const imageMount = "/image"

const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// argv joins the image's and the container's command as Kubernetes defines it:
// a command replaces the entrypoint and its arguments, args the arguments only.
func argv(image imageConfig, config *cri.ContainerConfig) []string {
	entrypoint, args := image.Entrypoint, image.Cmd
	if len(config.Command) > 0 {
		entrypoint, args = config.Command, nil
	}
	if len(config.Args) > 0 {
		args = config.Args
	}
	return append(append([]string{}, entrypoint...), args...)
}

// command prepares args to run as a process of this container.
func (c *container) command(args []string) (*exec.Cmd, error) {
	if len(args) == 0 {
		return nil, errors.New("no command specified")
	}
	security := c.config.GetLinux().GetSecurityContext()
	home := "/root"
	if security.GetRunAsUser().GetValue() != 0 {
		home = "/"
	}
	env := []string{"PATH=" + defaultPath, "HOME=" + home, "HOSTNAME=" + c.sandbox.config.GetHostname()}
	env = append(env, c.image.config.Env...)
	for _, e := range c.config.Envs {
		env = append(env, e.Key+"="+string(e.Value))
	}
	dir := cmp.Or(c.config.WorkingDir, c.image.config.WorkingDir)
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(imageMount, dir)
	}
	attr := &syscall.SysProcAttr{Setpgid: true, Chroot: c.root()}
	if user := security.GetRunAsUser(); user != nil {
		attr.Credential = &syscall.Credential{Uid: uint32(user.Value), Gid: uint32(security.GetRunAsGroup().GetValue())}
		for _, group := range security.GetSupplementalGroups() {
			attr.Credential.Groups = append(attr.Credential.Groups, uint32(group))
		}
	}
	return &exec.Cmd{Args: args, Env: env, Dir: dir, SysProcAttr: attr, WaitDelay: time.Second}, nil
}

// lookPath finds cmd's program below root as its own PATH and directory have it.
func lookPath(root string, cmd *exec.Cmd) (string, error) {
	name := cmd.Args[0]
	candidates := []string{name}
	if !strings.Contains(name, "/") {
		candidates = nil
		for _, dir := range filepath.SplitList(lastValue(cmd.Env, "PATH")) {
			candidates = append(candidates, filepath.Join(dir, name))
		}
	}
	for _, path := range candidates {
		if !filepath.IsAbs(path) {
			path = filepath.Join(cmd.Dir, path)
		}
		if info, err := os.Stat(root + path); err == nil && !info.IsDir() && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("exec: %q: executable file not found in $PATH", name)
}

// lastValue is the value of a variable that counts where it is set repeatedly.
func lastValue(env []string, name string) string {
	value := ""
	for _, e := range env {
		if v, ok := strings.CutPrefix(e, name+"="); ok {
			value = v
		}
	}
	return value
}
