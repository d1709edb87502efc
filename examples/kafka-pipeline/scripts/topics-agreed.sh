#!/bin/sh
# Answers a question of the runbook (gates.command.topics-agreed): does the configuration name only topics that
# topics.txt has, the list that is agreed with the platform team? Status 0 is yes; the answer is JSON.
set -eu
cd "$(dirname "$0")/.."

named=$(sed -n 's/^  KAFKA_[A-Z]*_TOPIC: *//p' config/kafka-pipeline-config.yaml | sort)
if [ -z "$named" ]; then
  echo 'config/kafka-pipeline-config.yaml names no topics: this script looks for KAFKA_…_TOPIC' >&2
  exit 75 # nothing was shown
fi
foreign=$(echo "$named" | grep -vxFf topics.txt || true)
if [ -n "$foreign" ]; then
  printf '{"answer": "Not in topics.txt: %s. Ask the platform team for them."}\n' "$(echo $foreign)"
  exit 1
fi
printf '{"answer": "All topics of the configuration are in topics.txt.", "value": "%d topics"}\n' "$(echo "$named" | wc -l)"
