package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strconv"

	"go.etcd.io/etcd/server/v3/embed"
)

// startEtcd runs etcd within this process and returns it with its address. It
// does not sync to disk: the state need not outlive the machine.
func startEtcd(ctx context.Context, dir, log string) (*embed.Etcd, string, error) {
	client, err := localURL()
	if err != nil {
		return nil, "", err
	}
	peer, err := localURL()
	if err != nil {
		return nil, "", err
	}
	c := embed.NewConfig()
	c.Dir, c.LogLevel, c.LogOutputs, c.UnsafeNoFsync = dir, "warn", []string{log}, true
	c.ListenClientUrls, c.AdvertiseClientUrls = []url.URL{client}, []url.URL{client}
	c.ListenPeerUrls, c.AdvertisePeerUrls = []url.URL{peer}, []url.URL{peer}
	c.InitialCluster = c.InitialClusterFromName(c.Name)
	etcd, err := embed.StartEtcd(c)
	if err != nil {
		return nil, "", fmt.Errorf("etcd: %w; see %s", err, log)
	}
	select {
	case <-etcd.Server.ReadyNotify():
		return etcd, client.String(), nil
	case err = <-etcd.Err():
	case <-ctx.Done():
		err = ctx.Err()
	}
	etcd.Close()
	return nil, "", fmt.Errorf("etcd: %w; see %s", err, log)
}

func localURL() (url.URL, error) {
	port, err := freePort()
	return url.URL{Scheme: "http", Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))}, err
}
