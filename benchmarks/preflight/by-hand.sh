#!/usr/bin/env bash
# What a person would type for the same questions, one after the other, and would then have to read.
# Environment: NAMESPACE, DEPLOYMENTS and GROUPS_READ (lists with blanks), BROKERS; kubectl and kafka-consumer-groups on the PATH
set -euo pipefail

# Is production healthy? Which version runs? Who else writes these Deployments?
kubectl get deployments -n "$NAMESPACE" -o yaml --show-managed-fields
kubectl get replicasets -n "$NAMESPACE"
kubectl get pods -n "$NAMESPACE" -o wide
for deployment in $DEPLOYMENTS; do
  kubectl rollout status "deployment/$deployment" -n "$NAMESPACE" --timeout=10s
done

# Does nobody else deploy? Is there room for the new pods?
kubectl get leases -n "$NAMESPACE"
kubectl get resourcequotas,limitranges,horizontalpodautoscalers -n "$NAMESPACE"

# How far is each group behind?
for group in $GROUPS_READ; do
  kafka-consumer-groups --bootstrap-server "$BROKERS" --describe --group "$group"
done
