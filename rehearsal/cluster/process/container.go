package process

import (
	"cmp"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// container is one run of one container: the kubelet makes a new one for each
// restart.
type container struct {
	id      string
	sandbox *sandbox
	config  *cri.ContainerConfig
	image   *image
	scratch string   // where its file system is mounted, in its own view
	machine []string // mount points that it sees besides
	logPath string
	created time.Time
	done    chan struct{} // closed when all its processes have ended

	mu                sync.Mutex
	state             cri.ContainerState
	started, finished time.Time
	exitCode          int32
	reason, message   string
	process           *os.Process // the container's process 1
	log               *logFile
	stdin             io.WriteCloser
}

// startErrorCode is the exit code of a container that could not start, as
// containerd has it.
const startErrorCode = 128

// start runs the container's process and sees to its end.
func (c *container) start() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != cri.ContainerState_CONTAINER_CREATED {
		return status.Errorf(codes.FailedPrecondition, "container %s was started before", c.id)
	}
	log, err := openLog(c.logPath)
	if err != nil {
		return err
	}
	c.log = log
	cmd, err := c.startProcess()
	c.started = time.Now()
	if err != nil {
		c.exited(startErrorCode, "StartError", "failed to create containerd task: "+err.Error())
		return status.Errorf(codes.Unknown, "failed to start container: %v", err)
	}
	c.state, c.process = cri.ContainerState_CONTAINER_RUNNING, cmd.Process
	go c.wait(cmd)
	return nil
}

func (c *container) startProcess() (*exec.Cmd, error) {
	cmd, err := c.command(argv(c.image.config, c.config))
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = c.log.stream("stdout"), c.log.stream("stderr")
	if c.config.Stdin {
		if c.stdin, err = cmd.StdinPipe(); err != nil {
			return nil, err
		}
	}
	return cmd, c.spawnFirst(cmd)
}

// wait records the end of the process, which is the end of every other one in
// its process namespace.
func (c *container) wait(cmd *exec.Cmd) {
	waitErr := cmd.Wait()
	if cmd.ProcessState == nil { // never for a child of ours
		panic(waitErr)
	}
	code, reason := exitCode(cmd.ProcessState), "Completed"
	if code != 0 {
		reason = "Error"
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.exited(code, reason, "")
}

// exited is called with c.mu held.
func (c *container) exited(code int32, reason, message string) {
	c.log.close()
	c.state, c.finished = cri.ContainerState_CONTAINER_EXITED, time.Now()
	c.exitCode, c.reason, c.message = code, reason, message
	close(c.done)
}

// exitCode is 128 plus the signal's number for a process that a signal ended.
func exitCode(p *os.ProcessState) int32 {
	if ws, ok := p.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return 128 + int32(ws.Signal())
	}
	return int32(p.ExitCode())
}

// stop sends the stop signal, waits for at most grace, then kills.
func (c *container) stop(grace time.Duration) {
	c.mu.Lock()
	state, process := c.state, c.process
	c.mu.Unlock()
	if state != cri.ContainerState_CONTAINER_RUNNING {
		return
	}
	if grace > 0 {
		process.Signal(c.stopSignal()) // an error means that it has ended: done tells
		select {
		case <-c.done:
			return
		case <-time.After(grace):
		}
	}
	process.Kill()
	<-c.done
}

// stopSignal is SIGTERM unless the container asks for another.
func (c *container) stopSignal() syscall.Signal {
	return cmp.Or(unix.SignalNum(strings.TrimPrefix(c.config.StopSignal.String(), "SIGNAL_")), syscall.SIGTERM)
}

func (c *container) reopenLog() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != cri.ContainerState_CONTAINER_RUNNING {
		return status.Errorf(codes.FailedPrecondition, "container %s is not running", c.id)
	}
	return c.log.reopen()
}

// status reports the image both by the reference that the pod asked for and by
// its digest: else pods show a bare hash.
func (c *container) status() *cri.ContainerStatus {
	c.mu.Lock()
	defer c.mu.Unlock()
	asked, digest := c.config.GetImage().GetUserSpecifiedImage(), c.image.digest
	out := &cri.ContainerStatus{
		Id: c.id, Metadata: c.config.Metadata, State: c.state, CreatedAt: c.created.UnixNano(),
		Image: &cri.ImageSpec{Image: cmp.Or(asked, digest)}, ImageRef: digest, ImageId: digest,
		Labels: c.config.Labels, Annotations: c.config.Annotations, Mounts: c.config.Mounts, LogPath: c.logPath,
	}
	if ref, err := parseReference(asked); err == nil {
		out.ImageRef = byDigest(ref.name, digest)
	}
	if !c.started.IsZero() {
		out.StartedAt = c.started.UnixNano()
	}
	if c.state == cri.ContainerState_CONTAINER_EXITED {
		out.FinishedAt, out.ExitCode, out.Reason, out.Message = c.finished.UnixNano(), c.exitCode, c.reason, c.message
	}
	return out
}
