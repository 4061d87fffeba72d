# Two agents, each with its own key: private notes stay private, finished work is shared.
#
#   npm start -- --demo                        in one terminal
#   python examples/shared-memory/main.py      in another, with the dakera package installed
import os

from dakera import AuthorizationError, DakeraClient

base_url = os.environ.get("DAKERA_URL") or "http://localhost:3300"
admin = DakeraClient(base_url=base_url, api_key="dk-admin-key")
researcher = DakeraClient(base_url=base_url, api_key="dk-researcher-key")
writer = DakeraClient(base_url=base_url, api_key="dk-writer-key")
SHARED = "team-shared"

# Once per team. An existing namespace stays unchanged, so this can run again.
for name in [SHARED, "researcher", "writer", "coordinator"]:
    admin.create_namespace(name)
print(f"Namespaces: {', '.join(namespace.name for namespace in admin.list_namespaces())}")

# The researcher thinks in private ...
researcher.store_memory(
    "researcher",
    "The vendor says 40 ms per cold start. Only one region was measured; ask for the others.",
    importance=0.3,
    tags=["internal-note", "needs-verification"],
)

# ... and publishes what it has checked, saying where it comes from.
researcher.store_memory(
    SHARED,
    "Cold starts take 65 ms at the median, measured in four regions over a week.",
    importance=0.85,
    tags=["finding", "verified", "cold-start"],
    memory_type="semantic",
    metadata={"source": "researcher", "regions": 4},
)
researcher.store_memory(
    SHARED,
    "A warm instance answers in 3 ms, and stays warm for ten minutes without traffic.",
    importance=0.8,
    tags=["finding", "verified", "warm-start"],
    memory_type="semantic",
    metadata={"source": "researcher", "regions": 4},
)

# The writer asks the team.
findings = writer.recall(SHARED, "how long does a start take, cold or warm?", top_k=6, filter={"source": "researcher"})
print(f"The writer finds {len(findings)} findings:")
for finding in findings:
    print(f"  [{finding.importance:.2f}] {finding.content}")

writer.store_memory(
    "writer",
    "Opening line: nobody waits for a cold start any more. True at 65 ms?",
    importance=0.25,
    tags=["draft"],
)
writer.store_memory(
    SHARED,
    "Article finished: what a cold start costs in four regions, 900 words.",
    importance=0.9,
    tags=["output", "article", "status:complete"],
    memory_type="semantic",
    metadata={"source": "writer"},
)

# search looks for the words themselves.
articles = researcher.search_memories(SHARED, "article finished", top_k=10, mode="exact")
print(f"The researcher sees: {articles[0].content}")

# The database rejects a read without a grant, whatever the program asks for.
try:
    writer.recall("researcher", "cold start")
    raise SystemExit("The writer read private notes. That must not be possible.")
except AuthorizationError as error:
    print(f"The writer asks for the researcher's notes: {error.status} {error.code}")
