package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clientauthentication "k8s.io/client-go/pkg/apis/clientauthentication/v1"
	"k8s.io/client-go/util/keyutil"
	"k8s.io/kubernetes/pkg/apis/core"
	"k8s.io/kubernetes/pkg/serviceaccount"
)

// leeway is how long the API server accepts a token after the end that it
// names: for clocks that differ.
const leeway = time.Minute

// tokenOptions are the flags of "token".
type tokenOptions struct {
	dir, namespace, serviceAccount, uid string
	duration                            time.Duration
}

// newTokenCommand signs tokens that end soon. The API gives none for less than
// ten minutes; a cloud's login does.
func newTokenCommand() *cobra.Command {
	var o tokenOptions
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Print a ServiceAccount's token that ends soon, as a kubeconfig's exec plugin does",
		Long: "Print an ExecCredential with a ServiceAccount's token that ends soon. It is the command of a kubeconfig's exec\n" +
			"plugin, and asks nobody: it works also while the API server is away.",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			return o.print(cmd, time.Now())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.dir, "dir", "", "the cluster's directory")
	f.StringVar(&o.namespace, "namespace", "", "of the ServiceAccount")
	f.StringVar(&o.serviceAccount, "service-account", "", "its name")
	f.StringVar(&o.uid, "uid", "", "its metadata.uid")
	f.DurationVar(&o.duration, "duration", 2*time.Minute, "how long the API server accepts the token, in whole seconds")
	return cmd
}

func (o tokenOptions) check() error {
	var problems []error
	for _, flag := range []struct{ name, value string }{
		{"dir", o.dir}, {"namespace", o.namespace}, {"service-account", o.serviceAccount}, {"uid", o.uid},
	} {
		if flag.value == "" {
			problems = append(problems, fmt.Errorf("--%s is missing", flag.name))
		}
	}
	if o.duration < time.Second || o.duration%time.Second != 0 {
		problems = append(problems, fmt.Errorf("--duration %v: must be whole seconds, 1s or more", o.duration))
	}
	return errors.Join(problems...)
}

// print signs the token with the key that the API server itself signs with.
// Its end is named so much earlier that it is refused when duration is over.
func (o tokenOptions) print(cmd *cobra.Command, now time.Time) error {
	key, err := keyutil.PrivateKeyFromFile(filepath.Join(upOptions{dir: o.dir}.pkiDir(), "sa.key"))
	if err != nil {
		return fmt.Errorf("--dir %s is not the directory of a running cluster: %w", o.dir, err)
	}
	generator, err := serviceaccount.JWTTokenGenerator(serviceAccountIssuer, key)
	if err != nil {
		return err
	}
	account := core.ServiceAccount{ObjectMeta: metav1.ObjectMeta{
		Namespace: o.namespace, Name: o.serviceAccount, UID: types.UID(o.uid),
	}}
	named := int64((o.duration - leeway).Seconds())
	claims, private, err := serviceaccount.Claims(account, nil, nil, nil, nil, nil, named, 0, []string{serviceAccountIssuer}, nil)
	if err != nil {
		return err
	}
	token, err := generator.GenerateToken(cmd.Context(), claims, private)
	if err != nil {
		return err
	}
	return writeCredential(cmd.OutOrStdout(), token, now.Add(o.duration))
}

func writeCredential(out io.Writer, token string, end time.Time) error {
	return json.NewEncoder(out).Encode(clientauthentication.ExecCredential{
		TypeMeta: metav1.TypeMeta{APIVersion: clientauthentication.SchemeGroupVersion.String(), Kind: "ExecCredential"},
		Status:   &clientauthentication.ExecCredentialStatus{Token: token, ExpirationTimestamp: &metav1.Time{Time: end}},
	})
}
