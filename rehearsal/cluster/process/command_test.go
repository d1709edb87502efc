package process

import (
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

func TestArgv(t *testing.T) {
	image := imageConfig{Entrypoint: []string{"entry", "point"}, Cmd: []string{"cmd"}}
	for _, c := range []struct {
		name                string
		image               imageConfig
		command, args, want []string
	}{
		{"the image's own", image, nil, nil, []string{"entry", "point", "cmd"}},
		{"args replace cmd", image, nil, []string{"arg"}, []string{"entry", "point", "arg"}},
		{"command replaces both", image, []string{"command"}, nil, []string{"command"}},
		{"command and args", image, []string{"command"}, []string{"arg"}, []string{"command", "arg"}},
		{"cmd alone", imageConfig{Cmd: []string{"cmd"}}, nil, nil, []string{"cmd"}},
		{"nothing", imageConfig{}, nil, nil, nil},
	} {
		got := argv(c.image, &cri.ContainerConfig{Command: c.command, Args: c.args})
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestCommand(t *testing.T) {
	c := &container{
		sandbox: &sandbox{config: &cri.PodSandboxConfig{Hostname: "pod"}},
		image:   &image{config: imageConfig{Env: []string{"A=image", "B=image"}, WorkingDir: "app"}},
		config:  &cri.ContainerConfig{Envs: []*cri.KeyValue{{Key: "B", Value: []byte("pod")}}},
	}
	cmd, err := c.command([]string{"program"})
	must(t, err)
	for name, want := range map[string]string{"A": "image", "B": "pod", "PATH": defaultPath, "HOME": "/root", "HOSTNAME": "pod"} {
		if got := lastValue(cmd.Env, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if cmd.Dir != "/image/app" || cmd.SysProcAttr.Credential != nil {
		t.Errorf("got directory %s, credential %v", cmd.Dir, cmd.SysProcAttr.Credential)
	}

	c.config.WorkingDir = "/srv"
	c.config.Linux = &cri.LinuxContainerConfig{SecurityContext: &cri.LinuxContainerSecurityContext{
		RunAsUser: &cri.Int64Value{Value: 1000}, RunAsGroup: &cri.Int64Value{Value: 2000}, SupplementalGroups: []int64{3000},
	}}
	cmd, err = c.command([]string{"program"})
	must(t, err)
	if who := cmd.SysProcAttr.Credential; who.Uid != 1000 || who.Gid != 2000 || !slices.Equal(who.Groups, []uint32{3000}) {
		t.Errorf("got %+v", who)
	}
	if home := lastValue(cmd.Env, "HOME"); cmd.Dir != "/srv" || home != "/" {
		t.Errorf("got directory %s, home %s", cmd.Dir, home)
	}
	if _, err := c.command(nil); err == nil {
		t.Error("nothing to run is no error")
	}
}

func TestLookPath(t *testing.T) {
	root := t.TempDir()
	for path, mode := range map[string]os.FileMode{"bin/tool": 0o755, "sbin/tool": 0o755, "sbin/data": 0o644, "work/script": 0o755} {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(root, path)), 0o755))
		must(t, os.WriteFile(filepath.Join(root, path), nil, mode))
	}
	for name, want := range map[string]string{
		"tool": "/sbin/tool", "/bin/tool": "/bin/tool", "./script": "/work/script",
		"script": "", "data": "", "/sbin/data": "", "/bin": "", "none": "",
	} {
		cmd := &exec.Cmd{Args: []string{name}, Env: []string{"PATH=/none", "PATH=/sbin:/bin"}, Dir: "/work"}
		if got, err := lookPath(root, cmd); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: got %q, %v; want %q", name, got, err, want)
		}
	}
}

func TestAddressesAreHandedOutInTurn(t *testing.T) {
	p := newAddressPool(netip.MustParsePrefix("10.1.2.0/29"))
	take := func() string {
		a, err := p.take()
		if err != nil {
			return err.Error()
		}
		return a.String()
	}
	for _, want := range []string{"10.1.2.2", "10.1.2.3", "10.1.2.4"} {
		if got := take(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	p.release(netip.MustParseAddr("10.1.2.2"))
	for _, want := range []string{
		"10.1.2.5", "10.1.2.6", "10.1.2.7", "10.1.2.2",
		"rpc error: code = ResourceExhausted desc = no address of 10.1.2.0/29 is free",
	} {
		if got := take(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
