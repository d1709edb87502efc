package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// upOptions are the flags of "up".
type upOptions struct {
	dir, images, auditLog string
	podCIDR, serviceCIDR  string
	port, parent          int
	maxBackOff            time.Duration
	goawayChance          float64

	pods, services netip.Prefix // podCIDR and serviceCIDR, once checked
}

func newUpCommand() *cobra.Command {
	var o upOptions
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Run a cluster until interrupted",
		Long: "Run a cluster until interrupted. SIGUSR1 restarts the API server alone.\n" +
			"RUN_DIR/ready.json appears once the cluster can be used, and goes with it.",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := o.check(); err != nil {
				return err
			}
			return runCluster(o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.dir, "dir", "", "directory for all state; what an earlier cluster left there is removed")
	f.StringVar(&o.images, "images", "", "directory that stands for the registry: <name>/<tag>/image.json")
	f.StringVar(&o.podCIDR, "pod-cidr", "10.88.0.0/16", "range of the pods' addresses, routed to this machine")
	f.StringVar(&o.serviceCIDR, "service-cidr", "10.96.0.0/16", "range of the Services' addresses, routed to this machine")
	f.IntVar(&o.port, "port", 0, "the API server's port on 127.0.0.1; 0 picks a free one")
	f.DurationVar(&o.maxBackOff, "max-back-off", 5*time.Minute, "longest pause between restarts of a crashing container, 1s to 5m")
	f.Float64Var(&o.goawayChance, "goaway-chance", 0, "share of HTTP/2 requests at which the API server ends the connection, 0 to 0.02")
	f.StringVar(&o.auditLog, "audit-log", "", "file for the API server's audit log (default RUN_DIR/logs/audit.log)")
	f.IntVar(&o.parent, "parent-pid", 0, "end when this process ends, however it does")
	return cmd
}

// check reports every problem at once, each with what to do, and completes the
// options.
func (o *upOptions) check() error {
	if os.Geteuid() != 0 {
		return errors.New("root is needed, for mounts, namespaces and routes; start it with sudo")
	}
	var problems []error
	problem := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }

	if o.dir == "" {
		problem("--dir is missing: the directory for the cluster's state")
	} else if strings.Contains(o.dir, ":") {
		problem("--dir %q: must not contain a colon, at which KUBECONFIG would be split", o.dir)
	}
	if info, err := os.Stat(o.images); o.images == "" {
		problem("--images is missing: the directory that stands for the registry")
	} else if err != nil {
		problem("--images: %w", err)
	} else if !info.IsDir() {
		problem("--images %s: not a directory", o.images)
	}
	if o.maxBackOff < time.Second || o.maxBackOff > 5*time.Minute {
		problem("--max-back-off %v: must be between 1s and 5m", o.maxBackOff)
	}
	if o.goawayChance < 0 || o.goawayChance > 0.02 {
		problem("--goaway-chance %v: must be between 0 and 0.02", o.goawayChance)
	}
	if o.port < 0 || o.port > 65535 {
		problem("--port %d: must be between 1 and 65535, or 0 for a free one", o.port)
	}
	var err error
	if o.pods, err = parseRange("pod-cidr", o.podCIDR); err != nil {
		problem("%w", err)
	}
	if o.services, err = parseRange("service-cidr", o.serviceCIDR); err != nil {
		problem("%w", err)
	}
	if o.pods.IsValid() && o.services.IsValid() && o.pods.Overlaps(o.services) {
		problem("--pod-cidr %v and --service-cidr %v overlap; choose two separate ranges", o.pods, o.services)
	}
	return errors.Join(append(problems, o.makeAbsolute())...)
}

func (o *upOptions) makeAbsolute() error {
	if o.auditLog == "" {
		o.auditLog = filepath.Join(o.dir, "logs", "audit.log")
	}
	for _, path := range []*string{&o.dir, &o.images, &o.auditLog} {
		absolute, err := filepath.Abs(*path)
		if err != nil {
			return err
		}
		*path = absolute
	}
	return nil
}
