// Command cluster is a whole Kubernetes in one binary: control plane, node and
// kubectl. "cluster up" runs all of it on this machine, with every container
// as a local process.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	kubectl "k8s.io/kubectl/pkg/cmd"
	cmdutil "k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

// Each upstream constructor touches process-wide state (the API server's
// installs the one permitted signal handler), so only the chosen one runs.
var commands = map[string]func() *cobra.Command{
	"up":                      newUpCommand,
	"node":                    newNodeCommand,
	"cleanup":                 newCleanupCommand,
	"rollout-status":          newRolloutStatusCommand,
	"token":                   newTokenCommand,
	"kubectl":                 kubectl.NewDefaultKubectlCommand,
	"kube-apiserver":          apiserver.NewAPIServerCommand,
	"kube-controller-manager": controllermanager.NewControllerManagerCommand,
	"kube-scheduler":          func() *cobra.Command { return scheduler.NewSchedulerCommand() },
}

const usage = `usage: cluster up --dir RUN_DIR --images DIR    run a cluster until interrupted; --help lists the options
       cluster kubectl …                       kubectl; so is a link of that name to this binary
       cluster rollout-status                  what kubectl rollout status says of the Deployments on standard input
       cluster token --dir RUN_DIR …           a ServiceAccount's token that ends soon; --help lists the options
up itself starts: node, cleanup, kube-apiserver, kube-controller-manager, kube-scheduler
`

func main() {
	name := filepath.Base(os.Args[0])
	if commands[name] == nil && len(os.Args) > 1 {
		name, os.Args = os.Args[1], os.Args[1:]
	}
	newCommand := commands[name]
	if newCommand == nil {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	switch command := newCommand(); name {
	case "kubectl":
		cmdutil.CheckErr(cli.RunNoErrOutput(command))
	case "up", "cleanup", "rollout-status", "token":
		if err := command.Execute(); err != nil {
			fmt.Fprintf(os.Stderr, "cluster %s: %v\n", name, err)
			os.Exit(1)
		}
	default:
		os.Exit(cli.Run(command))
	}
}
