package main

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"
)

// cleanup is a child process that outlives "up" by the moment it needs to
// remove what the kernel does not: the routes. It waits for the end of a pipe
// that only "up" can write to, so it notices every way in which "up" can end.
type cleanup struct {
	log    string // file
	ranges []netip.Prefix
	alive  *os.File      // closing it starts the removal
	ended  chan struct{} // closed when the child has ended
	err    error         // of the child, once ended
}

// startCleanup starts the child. It holds the claims of the ranges, too, until
// their routes are gone.
func startCleanup(logs string, ranges []netip.Prefix, claims []*os.File, ready string) (*cleanup, error) {
	c := &cleanup{log: filepath.Join(logs, "cleanup.log"), ranges: ranges, ended: make(chan struct{})}
	log, err := os.Create(c.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	ended, alive, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer ended.Close()
	args := []string{"--remove", ready}
	for _, r := range ranges {
		args = append(args, "--route", r.String())
	}
	cmd := ownCommand("cleanup", args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = ended, log, log, claims
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // no signal of the terminal's
	if err := cmd.Start(); err != nil {
		alive.Close()
		return nil, err
	}
	c.alive = alive
	go func() {
		if err := cmd.Wait(); err != nil {
			c.err = fmt.Errorf("cleanup: %w; its log: %s", err, c.log)
		}
		close(c.ended)
	}()
	return c, nil
}

// run has the routes removed and waits for it.
func (c *cleanup) run() error {
	errs := []error{c.alive.Close()}
	<-c.ended
	errs = append(errs, c.err)
	for _, r := range c.ranges { // again, in case the child was killed
		errs = append(errs, removeRoute(r))
	}
	return errors.Join(errs...)
}

func newCleanupCommand() *cobra.Command {
	var routes []string
	var file string
	cmd := &cobra.Command{
		Use:           "cleanup",
		Short:         "Remove routes and a file when standard input ends",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := io.Copy(io.Discard, os.Stdin)
			errs := []error{err, removeIfThere(file)}
			for _, text := range routes {
				r, err := netip.ParsePrefix(text)
				if err == nil {
					err = removeRoute(r)
				}
				errs = append(errs, err)
			}
			return errors.Join(errs...)
		},
	}
	cmd.Flags().StringArrayVar(&routes, "route", nil, "range whose local route to remove; may be repeated")
	cmd.Flags().StringVar(&file, "remove", "", "file to remove")
	return cmd
}

func removeIfThere(file string) error {
	if err := os.Remove(file); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
