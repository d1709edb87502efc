package process

import (
	"net/netip"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// addressPool hands out a range's addresses in turn, so that one is not reused
// while something may still remember who had it.
type addressPool struct {
	cidr netip.Prefix
	last netip.Addr
	used map[netip.Addr]bool
}

func newAddressPool(cidr netip.Prefix) *addressPool {
	cidr = cidr.Masked()
	return &addressPool{cidr: cidr, last: cidr.Addr().Next(), used: map[netip.Addr]bool{}}
}

// take returns a free address, never the range's first two nor one that ends
// in 0 or 255.
func (p *addressPool) take() (netip.Addr, error) {
	first := p.cidr.Addr().Next()
	for range 1 << (p.cidr.Addr().BitLen() - p.cidr.Bits()) {
		if p.last = p.last.Next(); !p.cidr.Contains(p.last) {
			p.last = first
			continue
		}
		if end := p.last.As4()[3]; end != 0 && end != 255 && !p.used[p.last] {
			p.used[p.last] = true
			return p.last, nil
		}
	}
	return netip.Addr{}, status.Errorf(codes.ResourceExhausted, "no address of %v is free", p.cidr)
}

func (p *addressPool) release(a netip.Addr) { delete(p.used, a) }
