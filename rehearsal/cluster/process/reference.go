package process

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// registryHost is the only registry that this node can reach: a folder.
const registryHost = "registry.local"

// reference names an image: registry.local/name[:tag][@digest]. Where both are
// given the digest decides, as it does with containerd.
type reference struct {
	name   string // without the registry
	tag    string
	digest string // sha256:<64 hexadecimal digits>
}

var digestForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// parseReference reads s. An image without tag and digest is tagged latest.
func parseReference(s string) (reference, error) {
	host, rest, ok := strings.Cut(s, "/")
	if !ok || host != registryHost {
		return reference{}, fmt.Errorf("only %s/name:tag can be pulled here: there is no other registry", registryHost)
	}
	var ref reference
	rest, ref.digest, ok = strings.Cut(rest, "@")
	if ok && !digestForm.MatchString(ref.digest) {
		return reference{}, fmt.Errorf("invalid reference format: %q is not a sha256 digest", ref.digest)
	}
	ref.name, ref.tag, ok = strings.Cut(rest, ":")
	if !ok && ref.digest == "" {
		ref.tag = "latest"
	}
	if !filepath.IsLocal(ref.name) || ref.tag != "" && (!filepath.IsLocal(ref.tag) || strings.Contains(ref.tag, "/")) {
		return reference{}, fmt.Errorf("invalid reference format: not %s/name:tag", registryHost)
	}
	return ref, nil
}

// byTag is the reference with only the tag.
func (r reference) byTag() string { return registryHost + "/" + r.name + ":" + r.tag }

// byDigest is the reference by content, which pods report as their imageID.
func byDigest(name, digest string) string { return registryHost + "/" + name + "@" + digest }
