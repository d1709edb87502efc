package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// onEndOf calls ended when a process, any of this machine's, has ended.
func onEndOf(pid int, ended func()) error {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return fmt.Errorf("--parent-pid %d: %w", pid, err)
	}
	go func() {
		defer unix.Close(fd)
		for {
			_, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, -1)
			if err == unix.EINTR {
				continue
			}
			ended()
			return
		}
	}()
	return nil
}
