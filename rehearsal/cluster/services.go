package main

import (
	"context"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	discoverylisters "k8s.io/client-go/listers/discovery/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// serviceProxy stands for kube-proxy: it listens on each Service's cluster IP,
// which the machine answers on, and passes each TCP connection to one of the
// Service's ready endpoints.
type serviceProxy struct {
	apiServer string // serves default/kubernetes, which has no endpoints here
	services  corelisters.ServiceLister
	slices    discoverylisters.EndpointSliceLister
	listeners map[netip.AddrPort]*serviceListener
}

// servicePort is where a cluster IP's port leads to.
type servicePort struct{ namespace, service, port string }

type serviceListener struct {
	net.Listener
	to servicePort
}

// runServiceProxy proxies until ctx ends.
func runServiceProxy(ctx context.Context, client kubernetes.Interface, apiServer string) {
	factory := informers.NewSharedInformerFactory(client, 0)
	services, slices := factory.Core().V1().Services(), factory.Discovery().V1().EndpointSlices()
	p := &serviceProxy{
		apiServer: apiServer,
		services:  services.Lister(),
		slices:    slices.Lister(),
		listeners: map[netip.AddrPort]*serviceListener{},
	}
	changed := make(chan struct{}, 1)
	wake := func() {
		select {
		case changed <- struct{}{}:
		default: // it is awake already
		}
	}
	services.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { wake() }, UpdateFunc: func(_, _ any) { wake() }, DeleteFunc: func(any) { wake() },
	})
	slices.Informer()
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	for {
		select {
		case <-changed:
			if err := p.sync(); err != nil {
				klog.ErrorS(err, "Cannot serve all Services")
			}
		case <-ctx.Done():
			return
		}
	}
}

// sync listens on what Services want and on nothing else.
func (p *serviceProxy) sync() error {
	services, err := p.services.List(labels.Everything())
	if err != nil {
		return err
	}
	want := wantedPorts(services)
	for address, l := range p.listeners {
		if want[address] != l.to {
			l.Close()
			delete(p.listeners, address)
		}
	}
	for address, to := range want {
		if p.listeners[address] != nil {
			continue
		}
		l, listenErr := net.Listen("tcp", address.String())
		if listenErr != nil {
			err = listenErr
			continue
		}
		p.listeners[address] = &serviceListener{l, to}
		go p.serve(l, to)
	}
	return err
}

// wantedPorts are the TCP ports of all Services that have a cluster IP.
func wantedPorts(services []*corev1.Service) map[netip.AddrPort]servicePort {
	want := map[netip.AddrPort]servicePort{}
	for _, s := range services {
		ip, err := netip.ParseAddr(s.Spec.ClusterIP)
		if err != nil { // headless, or a name
			continue
		}
		for _, port := range s.Spec.Ports {
			if port.Protocol == corev1.ProtocolTCP {
				want[netip.AddrPortFrom(ip, uint16(port.Port))] = servicePort{s.Namespace, s.Name, port.Name}
			}
		}
	}
	return want
}

func (p *serviceProxy) serve(l net.Listener, to servicePort) {
	for {
		in, err := l.Accept()
		if err != nil { // closed
			return
		}
		go p.relay(in.(*net.TCPConn), to)
	}
}

const dialTimeout = 5 * time.Second

func (p *serviceProxy) relay(in *net.TCPConn, to servicePort) {
	defer in.Close()
	conn, err := net.DialTimeout("tcp", p.endpoint(to), dialTimeout)
	if err != nil {
		in.SetLinger(0) // a reset: as close to kube-proxy's refusal as it gets
		return
	}
	defer conn.Close()
	out := conn.(*net.TCPConn)
	go func() {
		io.Copy(out, in)
		out.CloseWrite()
	}()
	io.Copy(in, out)
}

// endpoint picks a ready endpoint; none is the empty string, which cannot be
// dialled.
func (p *serviceProxy) endpoint(to servicePort) string {
	if to.namespace == "default" && to.service == "kubernetes" {
		return p.apiServer
	}
	slices, err := p.slices.EndpointSlices(to.namespace).List(
		labels.SelectorFromSet(labels.Set{discoveryv1.LabelServiceName: to.service}))
	if err != nil {
		return ""
	}
	var ready []string
	for _, slice := range slices {
		ready = append(ready, readyEndpoints(slice, to.port)...)
	}
	if len(ready) == 0 {
		return ""
	}
	return ready[rand.IntN(len(ready))]
}

func readyEndpoints(slice *discoveryv1.EndpointSlice, port string) []string {
	var ready []string
	for _, p := range slice.Ports {
		if p.Name == nil || *p.Name != port || p.Port == nil {
			continue
		}
		for _, e := range slice.Endpoints {
			if e.Conditions.Ready == nil || *e.Conditions.Ready {
				ready = append(ready, net.JoinHostPort(e.Addresses[0], strconv.Itoa(int(*p.Port))))
			}
		}
	}
	return ready
}
