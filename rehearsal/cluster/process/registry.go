package process

import (
	"os"
	"path/filepath"
)

// registry is a folder that stands for registry.local: name:tag is the folder
// <name>/<tag>, which holds the image's files and image.json. It is read anew
// at each use, so that a moved tag and a new image are seen at once.
type registry struct{ dir string }

const configFile = "image.json"

func (r registry) folder(name, tag string) string { return filepath.Join(r.dir, name, tag) }

func (r registry) has(name, tag string) bool {
	_, err := os.Stat(filepath.Join(r.folder(name, tag), configFile))
	return err == nil
}

// tags returns the tags that ref stands for: its own if it exists, or with a
// digest all whose content that is.
func (r registry) tags(ref reference) ([]string, error) {
	if ref.digest == "" {
		if r.has(ref.name, ref.tag) {
			return []string{ref.tag}, nil
		}
		return nil, nil
	}
	entries, err := os.ReadDir(filepath.Join(r.dir, ref.name))
	if os.IsNotExist(err) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var tags []string
	for _, e := range entries {
		if !r.has(ref.name, e.Name()) {
			continue
		}
		digest, err := contentDigest(r.folder(ref.name, e.Name()))
		if err != nil {
			return nil, err
		}
		if digest == ref.digest {
			tags = append(tags, e.Name())
		}
	}
	return tags, nil
}
