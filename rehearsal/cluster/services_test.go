package main

import (
	"maps"
	"net/netip"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

func TestWantedPorts(t *testing.T) {
	service := func(name, ip string, ports ...corev1.ServicePort) *corev1.Service {
		return &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: name},
			Spec:       corev1.ServiceSpec{ClusterIP: ip, Ports: ports},
		}
	}
	http := corev1.ServicePort{Name: "http", Port: 80, Protocol: corev1.ProtocolTCP}
	dns := corev1.ServicePort{Name: "dns", Port: 53, Protocol: corev1.ProtocolUDP}
	got := wantedPorts([]*corev1.Service{service("web", "10.96.0.9", http, dns), service("headless", "None", http), service("alias", "")})
	want := map[netip.AddrPort]servicePort{netip.MustParseAddrPort("10.96.0.9:80"): {"team", "web", "http"}}
	if !maps.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestReadyEndpoints(t *testing.T) {
	endpoint := func(ip string, ready *bool) discoveryv1.Endpoint {
		return discoveryv1.Endpoint{Addresses: []string{ip}, Conditions: discoveryv1.EndpointConditions{Ready: ready}}
	}
	slice := &discoveryv1.EndpointSlice{
		Ports: []discoveryv1.EndpointPort{{Name: ptr.To("http"), Port: ptr.To[int32](8000)}, {Name: ptr.To("all")}},
		Endpoints: []discoveryv1.Endpoint{
			endpoint("10.88.0.2", ptr.To(true)), endpoint("10.88.0.3", ptr.To(false)), endpoint("10.88.0.4", nil),
		},
	}
	for port, want := range map[string][]string{
		"http": {"10.88.0.2:8000", "10.88.0.4:8000"}, "metrics": nil, "all": nil,
	} {
		if got := readyEndpoints(slice, port); !slices.Equal(got, want) {
			t.Errorf("%s: got %v", port, got)
		}
	}
}
