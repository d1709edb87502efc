package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"syscall"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
	utilexec "k8s.io/utils/exec"
)

// ExecSync serves exec probes and exec lifecycle hooks.
func (r *Runtime) ExecSync(ctx context.Context, req *cri.ExecSyncRequest) (*cri.ExecSyncResponse, error) {
	if req.GetTimeout() > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(req.Timeout)*time.Second)
		defer cancel()
	}
	c, cmd, err := r.execCommand(req.GetContainerId(), req.GetCmd())
	if err != nil {
		return nil, err
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = c.run(ctx, cmd, nil)
	if ctx.Err() != nil {
		return nil, status.Errorf(codes.DeadlineExceeded, "command %q timed out", req.GetCmd())
	}
	var exit utilexec.CodeExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	return &cri.ExecSyncResponse{Stdout: stdout.Bytes(), Stderr: stderr.Bytes(), ExitCode: int32(exit.Code)}, nil
}

// execCommand prepares args to run in a running container.
func (r *Runtime) execCommand(id string, args []string) (*container, *exec.Cmd, error) {
	c, err := r.container(id)
	if err != nil {
		return nil, nil, err
	}
	if state := c.status().State; state != cri.ContainerState_CONTAINER_RUNNING {
		return nil, nil, status.Errorf(codes.FailedPrecondition, "container %s is %v, not running", id, state)
	}
	cmd, err := c.command(args)
	return c, cmd, err
}

// cannotExecute is a shell's exit code for a command that could not be started.
const cannotExecute = 126

// run runs cmd to its end, and kills its whole group when ctx ends first. The
// error of a command that failed is a utilexec.CodeExitError.
func (c *container) run(ctx context.Context, cmd *exec.Cmd, stdin io.Reader) error {
	if stdin != nil {
		w, err := cmd.StdinPipe()
		if err != nil {
			return err
		}
		go func() {
			io.Copy(w, stdin) // ends with the client or the command
			w.Close()
		}()
	}
	if err := c.spawn(cmd); err != nil {
		return utilexec.CodeExitError{Err: err, Code: cannotExecute}
	}
	stop := context.AfterFunc(ctx, func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	defer stop()
	if err := cmd.Wait(); cmd.ProcessState == nil {
		return err
	}
	if code := exitCode(cmd.ProcessState); code != 0 {
		return utilexec.CodeExitError{Err: fmt.Errorf("command terminated with exit code %d", code), Code: int(code)}
	}
	return nil
}
