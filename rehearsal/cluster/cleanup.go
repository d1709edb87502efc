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
	traces
	claims []*os.File    // of the ranges, held until their routes are gone
	log    string        // file
	alive  *os.File      // closing it starts the removal
	ended  chan struct{} // closed when the child has ended
	err    error         // of the child, once ended
}

// traces are what a cluster leaves on the machine besides its directory.
type traces struct {
	ranges []netip.Prefix
	ready  string // file
}

// remove removes what is there. That it is gone already is no error.
func (t traces) remove() error {
	var errs []error
	if err := os.Remove(t.ready); !errors.Is(err, os.ErrNotExist) {
		errs = append(errs, err)
	}
	for _, r := range t.ranges {
		errs = append(errs, removeRoute(r))
	}
	return errors.Join(errs...)
}

// startCleanup starts the child, which holds the claims, too.
func startCleanup(logs string, left traces, claims []*os.File) (*cleanup, error) {
	c := &cleanup{traces: left, claims: claims, log: filepath.Join(logs, "cleanup.log"), ended: make(chan struct{})}
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
	args := []string{"--ready", left.ready}
	for _, r := range left.ranges {
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

// run has the child do its work and waits for it.
func (c *cleanup) run() error {
	errs := []error{c.alive.Close()}
	<-c.ended
	errs = append(errs, c.err, c.remove()) // again, in case the child was killed
	for _, claim := range c.claims {
		errs = append(errs, claim.Close())
	}
	return errors.Join(errs...)
}

func newCleanupCommand() *cobra.Command {
	var left traces
	var ranges []string
	cmd := &cobra.Command{
		Use:           "cleanup",
		Short:         "Remove a cluster's traces when standard input ends",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			for _, text := range ranges {
				r, err := netip.ParsePrefix(text)
				if err != nil {
					return err
				}
				left.ranges = append(left.ranges, r)
			}
			_, err := io.Copy(io.Discard, os.Stdin)
			return errors.Join(err, left.remove())
		},
	}
	cmd.Flags().StringArrayVar(&ranges, "route", nil, "range whose local route to remove; may be repeated")
	cmd.Flags().StringVar(&left.ready, "ready", "", "file that says that the cluster can be used")
	return cmd
}
