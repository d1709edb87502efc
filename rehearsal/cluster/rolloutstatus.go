package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/kubectl/pkg/polymorphichelpers"
)

// rolloutStatus is what "kubectl rollout status" makes of one Deployment.
type rolloutStatus struct {
	Message string `json:"message"`
	Done    bool   `json:"done"`
	Error   string `json:"error,omitempty"`
}

// newRolloutStatusCommand judges Deployments that need not exist: tests ask
// kubectl's own code what it would say of them.
func newRolloutStatusCommand() *cobra.Command {
	return &cobra.Command{
		Use:           "rollout-status",
		Short:         "Read Deployments from standard input, one in JSON per line, and print what kubectl rollout status says of each",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return judgeRollouts(cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
}

func judgeRollouts(in io.Reader, out io.Writer) error {
	lines := bufio.NewReader(in)
	encoder := json.NewEncoder(out)
	for number := 1; ; number++ {
		line, readErr := lines.ReadBytes('\n')
		if readErr != nil && !errors.Is(readErr, io.EOF) {
			return readErr
		}
		if len(strings.TrimSpace(string(line))) > 0 {
			status, err := judgeRollout(line)
			if err != nil {
				return fmt.Errorf("line %d: %w", number, err)
			}
			if err := encoder.Encode(status); err != nil {
				return err
			}
		}
		if readErr != nil {
			return nil
		}
	}
}

func judgeRollout(line []byte) (rolloutStatus, error) {
	var deployment unstructured.Unstructured
	if err := deployment.UnmarshalJSON(line); err != nil {
		return rolloutStatus{}, err
	}
	const anyRevision = 0
	message, done, err := (&polymorphichelpers.DeploymentStatusViewer{}).Status(&deployment, anyRevision)
	status := rolloutStatus{Message: strings.TrimSuffix(message, "\n"), Done: done}
	if err != nil {
		status.Error = err.Error()
	}
	return status, nil
}
