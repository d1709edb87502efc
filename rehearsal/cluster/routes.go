package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"strings"
)

// Pods and Services get addresses of this machine: one local route makes it
// answer on all of a range. Loopback addresses would need no route, but
// Kubernetes refuses them as endpoints of a Service and as targets of the API
// server's proxy.

// route is one line of "ip -json route".
type route struct {
	Type        string `json:"type"`
	Destination string `json:"dst"`
	Device      string `json:"dev"`
}

// checkRoutes fails where a route of somebody else leads into a range.
func checkRoutes(r netip.Prefix) error {
	out, err := runIP("-4", "-json", "route", "show", "table", "all")
	if err != nil {
		return err
	}
	var routes []route
	if err := json.Unmarshal(out, &routes); err != nil {
		return fmt.Errorf("ip -json route: %w", err)
	}
	for _, existing := range routes {
		if existing.within(r) && !existing.ours(r) {
			return fmt.Errorf("%v is in use on this machine: a route leads to %s on %s; choose another range",
				r, existing.Destination, existing.Device)
		}
	}
	return nil
}

// within tells whether the route leads to some part of r, or all of it. One
// that leads to more is no conflict: ours is the more specific.
func (r route) within(other netip.Prefix) bool {
	destination, err := netip.ParsePrefix(r.Destination)
	if address, addressErr := netip.ParseAddr(r.Destination); addressErr == nil {
		destination, err = address.Prefix(address.BitLen())
	}
	return err == nil && destination.Bits() >= other.Bits() && other.Overlaps(destination)
}

// ours tells whether the route is what addRoute makes of r. A cluster that was
// killed together with its cleanup leaves it behind.
func (r route) ours(other netip.Prefix) bool {
	return r.Type == "local" && r.Device == "lo" && r.Destination == other.String()
}

func addRoute(r netip.Prefix) error {
	_, err := runIP("route", "replace", "local", r.String(), "dev", "lo")
	return err
}

// removeRoute undoes addRoute. That there is no such route is no error.
func removeRoute(r netip.Prefix) error {
	_, err := runIP("route", "del", "local", r.String(), "dev", "lo")
	if err != nil && strings.Contains(err.Error(), "No such process") { // the kernel's ESRCH
		return nil
	}
	return err
}

func runIP(args ...string) ([]byte, error) {
	out, err := exec.Command("ip", args...).Output()
	if errors.Is(err, exec.ErrNotFound) {
		return nil, errors.New("the command ip is missing; install iproute2")
	}
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return nil, fmt.Errorf("ip %s: %s (it needs root and CAP_NET_ADMIN)",
			strings.Join(args, " "), strings.TrimSpace(string(exit.Stderr)))
	}
	return out, err
}

// parseRange reads an IPv4 range that can hold a cluster's pods or Services.
func parseRange(flag, text string) (netip.Prefix, error) {
	r, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		return r, fmt.Errorf("--%s %q: not an address range such as 10.88.0.0/16", flag, text)
	case !r.Addr().Is4() || r.Bits() < 8 || r.Bits() > 24:
		return r, fmt.Errorf("--%s %q: must be an IPv4 range between /8 and /24", flag, text)
	case r.Addr().IsLoopback():
		return r, fmt.Errorf("--%s %q: Kubernetes refuses loopback addresses; choose a private range", flag, text)
	}
	return r.Masked(), nil
}
