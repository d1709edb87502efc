package process

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// imageService is the CRI's image service over a registry's folder and the
// node's store. Errors are worded as containerd words them, because people and
// tools recognise them.
type imageService struct {
	cri.UnimplementedImageServiceServer
	registry registry
	store    *imageStore
	faults   *pullFaults

	mu     sync.Mutex
	images map[string]*image // by digest
	refs   map[string]string // each known name:tag and name@digest, to its digest
}

func newImageService(registryDir, storeDir string) (*imageService, error) {
	if err := os.MkdirAll(storeDir, 0o755); err != nil {
		return nil, err
	}
	return &imageService{
		registry: registry{registryDir},
		store:    &imageStore{dir: storeDir},
		faults:   newPullFaults(filepath.Join(registryDir, "faults.json")),
		images:   map[string]*image{},
		refs:     map[string]string{},
	}, nil
}

// PullImage reads the registry each time, also when the node has the image.
func (s *imageService) PullImage(ctx context.Context, req *cri.PullImageRequest) (*cri.PullImageResponse, error) {
	asked := req.GetImage().GetImage()
	ref, err := parseReference(asked)
	if err != nil {
		return nil, unresolved(codes.InvalidArgument, asked, err.Error())
	}
	tags, err := s.registry.tags(ref)
	if err != nil {
		return nil, unresolved(codes.Unknown, asked, err.Error())
	}
	fault, err := s.faults.meet(req.GetSandboxConfig().GetMetadata().GetNamespace(), ref, tags)
	if err != nil {
		return nil, status.Errorf(codes.Unknown, "failed to pull and unpack image %q: %v", asked, err)
	}
	if fault != nil {
		if err := fault.happen(ctx, asked, ref); err != nil {
			return nil, err
		}
		if tags, err = s.registry.tags(ref); err != nil { // it may have changed during the delay
			return nil, unresolved(codes.Unknown, asked, err.Error())
		}
	}
	if len(tags) == 0 {
		return nil, unresolved(codes.NotFound, asked, asked+": not found")
	}
	img, err := s.store.unpack(s.registry.folder(ref.name, tags[0]))
	if err != nil {
		return nil, status.Errorf(codes.Unknown, "failed to pull and unpack image %q: %v", asked, err)
	}
	if ref.digest != "" && img.digest != ref.digest {
		return nil, status.Errorf(codes.Unknown, "failed to pull and unpack image %q: the registry's folder changed meanwhile", asked)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.images[img.digest] = img
	s.refs[byDigest(ref.name, img.digest)] = img.digest
	if ref.digest == "" {
		s.refs[ref.byTag()] = img.digest
	}
	return &cri.PullImageResponse{ImageRef: img.digest}, nil
}

// unresolved is how containerd reports that the registry gave no image.
func unresolved(code codes.Code, asked, cause string) error {
	return status.Errorf(code, "failed to pull and unpack image %q: failed to resolve reference %q: %s", asked, asked, cause)
}

// local finds an image on the node by reference or ID.
func (s *imageService) local(asked string) (*image, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := asked
	if ref, err := parseReference(asked); err == nil {
		key = ref.byTag()
		if ref.digest != "" {
			key = byDigest(ref.name, ref.digest)
		}
	}
	if img := s.images[s.refs[key]]; img != nil {
		return img, nil
	}
	if img := s.images[key]; img != nil {
		return img, nil
	}
	return nil, status.Errorf(codes.NotFound, "image %q is not on the node", asked)
}

// describe is called with s.mu held.
func (s *imageService) describe(img *image) *cri.Image {
	out := &cri.Image{Id: img.digest, Size: 1}
	for ref, digest := range s.refs {
		if digest != img.digest {
			continue
		}
		if parsed, err := parseReference(ref); err == nil && parsed.digest == "" {
			out.RepoTags = append(out.RepoTags, ref)
		} else {
			out.RepoDigests = append(out.RepoDigests, ref)
		}
	}
	slices.Sort(out.RepoTags)
	slices.Sort(out.RepoDigests)
	return out
}

// ImageStatus answers without an image when the node has none.
func (s *imageService) ImageStatus(_ context.Context, req *cri.ImageStatusRequest) (*cri.ImageStatusResponse, error) {
	img, err := s.local(req.GetImage().GetImage())
	if err != nil {
		return &cri.ImageStatusResponse{}, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return &cri.ImageStatusResponse{Image: s.describe(img)}, nil
}

// ListImages lists what was pulled.
func (s *imageService) ListImages(context.Context, *cri.ListImagesRequest) (*cri.ListImagesResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := &cri.ListImagesResponse{}
	for _, img := range s.images {
		out.Images = append(out.Images, s.describe(img))
	}
	return out, nil
}

// RemoveImage forgets an image and its references. Its files stay until the
// cluster starts anew: a container may be running from them.
func (s *imageService) RemoveImage(_ context.Context, req *cri.RemoveImageRequest) (*cri.RemoveImageResponse, error) {
	img, err := s.local(req.GetImage().GetImage())
	if err != nil {
		return &cri.RemoveImageResponse{}, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.images, img.digest)
	for ref, digest := range s.refs {
		if digest == img.digest {
			delete(s.refs, ref)
		}
	}
	return &cri.RemoveImageResponse{}, nil
}

// ImageFsInfo reports no usage: nothing here is ever evicted.
func (s *imageService) ImageFsInfo(context.Context, *cri.ImageFsInfoRequest) (*cri.ImageFsInfoResponse, error) {
	usage := []*cri.FilesystemUsage{{
		FsId:       &cri.FilesystemIdentifier{Mountpoint: s.store.dir},
		UsedBytes:  &cri.UInt64Value{},
		InodesUsed: &cri.UInt64Value{},
	}}
	return &cri.ImageFsInfoResponse{ImageFilesystems: usage, ContainerFilesystems: usage}, nil
}
