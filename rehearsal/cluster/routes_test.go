package main

import (
	"net/netip"
	"strings"
	"testing"
)

func TestParseRange(t *testing.T) {
	for text, want := range map[string]string{
		"10.88.0.0/16":  "10.88.0.0/16",
		"10.88.1.2/16":  "10.88.0.0/16",
		"10.0.0.0/8":    "10.0.0.0/8",
		"10.88":         "not an address range",
		"10.88.0.0/25":  "between /8 and /24",
		"0.0.0.0/0":     "between /8 and /24",
		"fd00::/16":     "must be an IPv4 range",
		"127.10.0.0/16": "refuses loopback addresses",
	} {
		r, err := parseRange("pod-cidr", text)
		if got := r.String(); err == nil && got != want {
			t.Errorf("%s: got %s", text, got)
		} else if err != nil && (!strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "--pod-cidr")) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

func TestRouteInTheWay(t *testing.T) {
	wanted := netip.MustParsePrefix("10.88.0.0/16")
	for _, c := range []struct {
		route route
		in    bool
	}{
		{route{"local", "10.88.0.0/16", "lo"}, false}, // left by a cluster that was killed
		{route{"unicast", "10.88.0.0/16", "cni-podman0"}, true},
		{route{"local", "10.88.0.1", "cni-podman0"}, true},
		{route{"local", "10.88.1.0/24", "lo"}, true},
		{route{"unicast", "10.0.0.0/8", "tun0"}, false}, // ours is the more specific
		{route{"unicast", "10.89.0.0/16", "eth0"}, false},
		{route{"unicast", "default", "eth0"}, false},
	} {
		if got := c.route.within(wanted) && !c.route.ours(wanted); got != c.in {
			t.Errorf("%+v: got %v", c.route, got)
		}
	}
}
