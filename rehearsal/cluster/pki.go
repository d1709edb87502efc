package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
)

// pki holds the keys, certificates, tokens and kubeconfigs of one cluster as
// files of dir. All are made anew at each start of the cluster.
type pki struct {
	dir    string
	ca     *x509.Certificate
	caKey  crypto.Signer
	serial int64
}

// user is who a kubeconfig's token stands for.
type user struct {
	name, group string
	kubeconfig  string // file
}

// writePKI makes the files of a cluster whose API server is reached at server
// and, from within pods, at serviceIP.
func writePKI(dir, server string, serviceIP net.IP, users []user) (*pki, error) {
	p, err := newPKI(dir)
	if err != nil {
		return nil, err
	}
	loopback := net.IPv4(127, 0, 0, 1)
	err = errors.Join(
		p.writeServiceAccountKey(),
		p.issue("apiserver", pkix.Name{CommonName: "kube-apiserver"},
			[]string{"localhost", "kubernetes.default.svc"}, loopback, serviceIP),
		p.issue("apiserver-kubelet", pkix.Name{CommonName: "kube-apiserver", Organization: []string{"system:masters"}}, nil),
		p.issue("kubelet", pkix.Name{CommonName: "system:node:" + nodeName, Organization: []string{"system:nodes"}}, nil, loopback),
		p.writeUsers(server, users))
	return p, err
}

func newPKI(dir string) (*pki, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	ca, err := cert.NewSelfSignedCACert(cert.Config{CommonName: "cluster-ca"}, key)
	if err != nil {
		return nil, err
	}
	p := &pki{dir: dir, ca: ca, caKey: key, serial: time.Now().UnixNano()}
	return p, p.writeCert("ca.crt", ca)
}

func (p *pki) path(name string) string { return filepath.Join(p.dir, name) }

// issue writes name.crt, for server and client, and name.key.
func (p *pki) issue(name string, subject pkix.Name, dns []string, ips ...net.IP) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	p.serial++
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(p.serial),
		Subject:      subject,
		DNSNames:     dns,
		IPAddresses:  ips,
		NotBefore:    p.ca.NotBefore,
		NotAfter:     time.Now().AddDate(1, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, p.ca, key.Public(), p.caKey)
	if err != nil {
		return err
	}
	issued, err := x509.ParseCertificate(der)
	if err != nil {
		return err
	}
	return errors.Join(p.writeKey(name+".key", key), p.writeCert(name+".crt", issued))
}

func (p *pki) writeCert(name string, c *x509.Certificate) error {
	pem, err := cert.EncodeCertificates(c)
	if err != nil {
		return err
	}
	return cert.WriteCert(p.path(name), pem)
}

func (p *pki) writeKey(name string, key *ecdsa.PrivateKey) error {
	pem, err := keyutil.MarshalPrivateKeyToPEM(key)
	if err != nil {
		return err
	}
	return keyutil.WriteKey(p.path(name), pem)
}

// writeServiceAccountKey writes sa.key, with which tokens are signed and checked.
func (p *pki) writeServiceAccountKey() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	return p.writeKey("sa.key", key)
}

// writeUsers writes a kubeconfig for each user, and tokens.csv, from which the
// API server knows them.
func (p *pki) writeUsers(server string, users []user) error {
	var tokens strings.Builder
	for _, u := range users {
		token := newToken()
		fmt.Fprintf(&tokens, "%s,%s,%s,%q\n", token, u.name, u.name, u.group)
		if err := p.writeKubeconfig(u.kubeconfig, server, token); err != nil {
			return err
		}
	}
	return os.WriteFile(p.path("tokens.csv"), []byte(tokens.String()), 0o600)
}

func (p *pki) writeKubeconfig(file, server, token string) error {
	ca, err := cert.EncodeCertificates(p.ca)
	if err != nil {
		return err
	}
	c := clientcmdapi.NewConfig()
	c.Clusters["rehearsal"] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: ca}
	c.AuthInfos["user"] = &clientcmdapi.AuthInfo{Token: token}
	c.Contexts["rehearsal"] = &clientcmdapi.Context{Cluster: "rehearsal", AuthInfo: "user"}
	c.CurrentContext = "rehearsal"
	return clientcmd.WriteToFile(*c, file)
}

func newToken() string {
	b := make([]byte, 24)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
