package process

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"
)

// spawnFirst starts the container's process 1 in namespaces of its own: mounts,
// host name, processes. They end with it, whatever becomes of this runtime.
func (c *container) spawnFirst(cmd *exec.Cmd) error {
	cmd.SysProcAttr.Cloneflags = unix.CLONE_NEWPID
	cmd.SysProcAttr.Pdeathsig = unix.SIGKILL
	cmd.SysProcAttr.Ptrace = true // held before its first instruction until it has a /proc
	return c.onThread(cmd, func() error {
		if err := unix.Unshare(unix.CLONE_NEWNS | unix.CLONE_NEWUTS); err != nil {
			return fmt.Errorf("unshare: %w; the node needs root", err)
		}
		if name := c.sandbox.config.GetHostname(); name != "" {
			if err := unix.Sethostname([]byte(name)); err != nil {
				return err
			}
		}
		if err := c.mountRoot(); err != nil {
			return err
		}
		if err := c.begin(cmd); err != nil {
			return err
		}
		err := c.mountProc(cmd.Process.Pid)
		if err == nil {
			err = unix.PtraceDetach(cmd.Process.Pid)
		}
		if err != nil {
			cmd.Process.Kill()
			cmd.Wait()
		}
		return err
	})
}

// spawn starts one more process in the running container.
func (c *container) spawn(cmd *exec.Cmd) error {
	return c.onThread(cmd, func() error {
		if err := join(c.process.Pid, "mnt", "uts", "pid"); err != nil {
			return err
		}
		return c.begin(cmd)
	})
}

// onThread runs start, which starts cmd, on a thread of its own, because
// namespaces are a thread's. The thread is never unlocked, so it runs nothing
// else and ends with the goroutine; it stays as long as the process, to which
// its end would be fatal: see Pdeathsig.
func (c *container) onThread(cmd *exec.Cmd, start func() error) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := unix.Unshare(unix.CLONE_FS) // else setns is refused
		if err == nil {
			err = start()
		}
		started <- err
		if err == nil {
			awaitEnd(cmd.Process.Pid)
		}
	}()
	return <-started
}

// awaitEnd returns when a child has ended, and leaves it to be waited for.
func awaitEnd(pid int) {
	for unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
}

// begin starts cmd below the container's root.
func (c *container) begin(cmd *exec.Cmd) error {
	if err := os.MkdirAll(filepath.Join(c.root(), cmd.Dir), 0o755); err != nil {
		return err
	}
	var err error
	if cmd.Path, err = lookPath(c.root(), cmd); err != nil {
		return err
	}
	return cmd.Start()
}

// mountProc gives the container a /proc that shows its own processes. Only a
// process of the new namespace can mount it, and the first is the container's
// own, which is held meanwhile.
func (c *container) mountProc(pid int) error {
	var ws unix.WaitStatus
	if _, err := unix.Wait4(pid, &ws, 0, nil); err != nil {
		return err
	}
	if !ws.Stopped() {
		return fmt.Errorf("the process ended before its first instruction: %v", ws)
	}
	if err := join(pid, "pid"); err != nil {
		return err
	}
	target := filepath.Join(c.root(), "proc")
	if out, err := exec.Command("mount", "-n", "-t", "proc", "-o", "nosuid,nodev,noexec", "proc", target).CombinedOutput(); err != nil {
		return fmt.Errorf("mount proc on %s: %w: %s", target, err, out)
	}
	return nil
}

// join moves the calling thread, or with pid its future children, into
// namespaces of a process.
func join(pid int, kinds ...string) error {
	var fds []*os.File
	for _, kind := range kinds { // all before the first move, after which /proc may be another
		file, err := os.Open(fmt.Sprintf("/proc/%d/ns/%s", pid, kind))
		if err != nil {
			return err
		}
		defer file.Close()
		fds = append(fds, file)
	}
	for _, file := range fds {
		if err := unix.Setns(int(file.Fd()), 0); err != nil {
			return fmt.Errorf("setns %s: %w", file.Name(), err)
		}
	}
	return nil
}
