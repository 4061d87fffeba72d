#!/usr/bin/env bash
# Two agents, three namespaces: each has its own notes, both share what is done.
#
#   npm start -- --demo              in one terminal
#   examples/shared-memory/curl.sh   in another
set -euo pipefail

url=${DAKERA_URL:-http://localhost:3300}
admin='Authorization: Bearer dk-admin-key'
researcher='Authorization: Bearer dk-researcher-key'
writer='Authorization: Bearer dk-writer-key'

# Prints a command, runs it, and ends the program if the server rejects it.
step() {
  printf '\n%s\n' "$1"
  curl --silent --show-error --fail-with-body "${@:2}"
  echo
}

step 'The admin makes a shared namespace ...' "$url/v1/namespaces" -H "$admin" -d '{"name": "team-shared"}'
step '... a private one for the researcher ...' "$url/v1/namespaces" -H "$admin" -d '{"name": "researcher"}'
step '... and one for the writer.' "$url/v1/namespaces" -H "$admin" -d '{"name": "writer"}'
step 'These are there now:' "$url/v1/namespaces" -H "$admin"

step 'The researcher keeps a doubt to itself.' "$url/v1/memory/store" -H "$researcher" -d '{
  "agent_id": "researcher",
  "content": "The vendor says 40 ms per cold start. Only one region was measured; ask for the others.",
  "importance": 0.3,
  "tags": ["internal-note", "needs-verification"]
}'

step 'It shares what it has measured.' "$url/v1/memory/store" -H "$researcher" -d '{
  "agent_id": "team-shared",
  "content": "Cold starts take 65 ms at the median, measured in four regions over a week.",
  "importance": 0.85,
  "tags": ["finding", "verified", "cold-start"],
  "metadata": {"source": "researcher", "regions": 4}
}'

step 'The writer asks the team, and finds the measurement but not the doubt.' \
  --get "$url/v1/memory/recall" -H "$writer" \
  --data-urlencode 'agent_id=team-shared' --data-urlencode 'top_k=5' \
  --data-urlencode 'query=how long does a cold start take?'

step 'It keeps its draft to itself ...' "$url/v1/memory/store" -H "$writer" -d '{
  "agent_id": "writer",
  "content": "Opening line: nobody waits for a cold start any more. True at 65 ms?",
  "importance": 0.25,
  "tags": ["draft"]
}'

step '... and shares the finished article.' "$url/v1/memory/store" -H "$writer" -d '{
  "agent_id": "team-shared",
  "content": "Article finished: what a cold start costs in four regions, 900 words.",
  "importance": 0.9,
  "tags": ["output", "article", "status:complete"],
  "metadata": {"source": "writer"}
}'

printf '\nThe writer may not look into the notes of the researcher:\n'
curl --silent --show-error --write-out '\nHTTP %{http_code}\n' --get "$url/v1/memory/recall" -H "$writer" \
  --data-urlencode 'agent_id=researcher' --data-urlencode 'query=cold start'
