#!/usr/bin/env bash
# What a person would type for the same questions, one after the other, and would then have to read.
# Environment: NAMESPACE, DEPLOYMENTS and GROUPS_READ (lists with blanks), BROKERS, PROMETHEUS (its address); kubectl,
# kafka-consumer-groups and curl on the PATH
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

# What fails, how long does it take, how do downloads and uploads go, what is retried or dead, is a breaker open? Does an
# alert fire?
query() {
  curl --fail --silent --get "$PROMETHEUS/api/v1/query" --data-urlencode "query=$1"
}
of="{namespace=\"$NAMESPACE\"}"
messages="sum(rate(kafka_messages_consumed_total$of[30m]))"
query "sum(rate(kafka_processing_errors_total$of[30m])) / $messages"
query "histogram_quantile(0.95, sum by (le) (rate(kafka_processing_duration_seconds_bucket$of[30m])))"
query "histogram_quantile(0.95, sum by (le) (rate(onelake_upload_duration_seconds_bucket$of[30m])))"
query "sum(rate(downloads_total{namespace=\"$NAMESPACE\",outcome=\"success\"}[30m])) / sum(rate(downloads_total$of[30m]))"
query "sum(rate(kafka_retries_total$of[30m])) / $messages"
query "sum(increase(kafka_dlq_messages_total$of[30m]))"
query "max(circuit_breaker_state$of)"
curl --fail --silent "$PROMETHEUS/api/v1/alerts"
