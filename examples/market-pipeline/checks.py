"""The claims of this example, checked with the server when the work is done."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial

from dakera import AuthorizationError, DakeraClient, Memory, NotFoundError

from market import MORNINGS, Market
from orchestrator import PRODUCT
from team import ACCESS, AGENTS, STATUS_TTL, Team


@dataclass(frozen=True)
class Claim:
    """A claim in words, and whether it is true."""

    text: str
    holds: bool


def check(team: Team, market: Market, admin: DakeraClient, compactions: list[tuple[int, int]]) -> list[Claim]:
    """Every claim, each with its figures."""
    shared = list(admin.list_memories(team.names["shared"], limit=1000).all())
    return [
        _counts(shared, compactions),
        _facts(shared, market),
        _risk_first(shared),
        _authors(shared, team),
        _scratch(team, admin),
        _today_only(team, shared),
        *_access(team),
        _status(team, admin),
        _compaction(shared, compactions),
    ]


def _counts(shared: list[Memory], compactions: list[tuple[int, int]]) -> Claim:
    counted = Counter(memory.metadata["type"] for memory in shared)
    forgotten = sum(number for _, number in compactions)
    expected = Counter(dict.fromkeys(PRODUCT.values(), len(MORNINGS)))
    expected += Counter(trend_report=1, weekly_digest=len(compactions), data_quality=len(MORNINGS) - forgotten)
    results = sum(counted[kind] for kind in PRODUCT.values())
    text = f"{results} results of {len(MORNINGS)} mornings are shared, {len(MORNINGS)} of each of the four agents."
    return Claim(text, counted == expected)


def _facts(shared: list[Memory], market: Market) -> Claim:
    prices = {m.metadata["date"]: m.metadata["prices"] for m in shared if m.metadata["type"] == "clean_data_snapshot"}
    (trend,) = (m.metadata for m in shared if m.metadata["type"] == "trend_report")
    true = {day.isoformat(): quotes for day, quotes in market.prices.items()}
    baskets = [round(sum(quotes.values()), 2) for quotes in market.prices.values()]
    return Claim("The result of the four agents is what the market did.", (prices, trend["baskets"]) == (true, baskets))


def _risk_first(shared: list[Memory]) -> Claim:
    orders = [memory.metadata["order"] for memory in shared if memory.metadata["type"] == "daily_report"]
    first = sum(order[0] == "risk_flags" and len(order) == 3 for order in orders)
    return Claim(f"Risk flags came first in {first} of {len(MORNINGS)} recalls.", first == len(MORNINGS))


def _authors(shared: list[Memory], team: Team) -> Claim:
    wrong = [memory for memory in shared if memory.author != team.authors[memory.metadata["source"]]]
    return Claim(f"{len(shared)} memories say where they are from, and the server's stamp agrees.", not wrong)


def _scratch(team: Team, admin: DakeraClient) -> Claim:
    notes = {role: [m.content for m in admin.list_memories(team.names[role], limit=1000).all()] for role in AGENTS}
    leaks = 0
    for role, agent in team.agents.items():
        foreign = {content for other, contents in notes.items() if other != role for content in contents}
        allowed = {team.names[place] for place in (role, "shared", "coordinator")}
        leaks += sum(memory.content in foreign or memory.namespace not in allowed for memory in agent.seen)
    seen = sum(len(agent.seen) for agent in team.agents.values())
    total = sum(map(len, notes.values()))
    text = f"Of {total} private notes, {leaks} turned up among the {seen} memories the agents were given."
    return Claim(text, leaks == 0 and all(notes.values()))


def _today_only(team: Team, shared: list[Memory]) -> Claim:
    """The sources of each report are of its morning; without the filters, Analysis would get its own past results."""
    by_id = {memory.id: memory for memory in shared}
    reports = [memory for memory in shared if memory.metadata["type"] == "daily_report"]
    stale = sum(by_id[i].metadata["date"] != m.metadata["date"] for m in reports for i in m.metadata["sources"])
    analysis = team.agents["analysis"]
    unfiltered = analysis.client.recall(team.names["shared"], f"market analysis on {MORNINGS[-1]}", top_k=20)
    own = sum(m.author == team.authors["analysis"] and m.metadata["date"] < str(MORNINGS[-1]) for m in unfiltered)
    filtered = analysis.of_today(f"market analysis on {MORNINGS[-1]}", MORNINGS[-1])
    kept = sum(m.author == team.authors["analysis"] or m.metadata["date"] != str(MORNINGS[-1]) for m in filtered)
    text = (
        f"{stale} of the sources of {len(reports)} reports are stale. Without the filters Analysis would be given "
        f"{own} of its own past summaries, with them {kept}."
    )
    return Claim(text, stale == 0 and own > 0 and kept == 0 and len(filtered) > 0)


def _access(team: Team) -> Iterator[Claim]:
    """Tries every cell of the table that forbids something, with the keys themselves."""
    reads, writes = list(_forbidden_reads(team)), list(_forbidden_writes(team))
    for what, tries in (("reads", reads), ("writes", writes)):
        allowed = [name for name, call in tries if not _is_refused(call)]
        text = f"{len(tries) - len(allowed)} of {len(tries)} forbidden {what} were refused"
        yield Claim(f"{text}{''.join(f'; allowed: {name}' for name in allowed)}.", not allowed)


def _forbidden_reads(team: Team) -> Iterator[tuple[str, Callable[[], object]]]:
    orchestrator = team.clients["orchestrator"]
    for role, client, place, name in _cells(team):
        if place in ACCESS[role]:
            continue
        (note,) = orchestrator.list_memories(name, limit=1)
        yield f"{role} recalls {place}", partial(client.recall, name, "draft")
        yield f"{role} searches {place}", partial(client.search_memories, name, "draft")
        yield f"{role} lists {place}", partial(client.list_memories, name)
        yield f"{role} gets a note of {place}", partial(client.get_memory, note.id)


def _forbidden_writes(team: Team) -> Iterator[tuple[str, Callable[[], object]]]:
    for role, client, place, name in _cells(team):
        if ACCESS[role].get(place) != "read_write":
            yield f"{role} writes to {place}", partial(client.store_memory, name, "To be refused.")


def _cells(team: Team) -> Iterator[tuple[str, DakeraClient, str, str]]:
    for role, client in team.clients.items():
        for place, name in team.names.items():
            yield role, client, place, name


def _is_refused(call: Callable[[], object]) -> bool:
    try:
        call()
    except (AuthorizationError, NotFoundError):  # by id, a memory of others looks like a missing one
        return True
    return False


def _status(team: Team, admin: DakeraClient) -> Claim:
    messages = list(admin.list_memories(team.names["coordinator"], limit=1000).all())
    lasting = [m for m in messages if m.expires_at is None or m.expires_at - m.created_at > STATUS_TTL + 1]
    pending = [m for m in messages if "status:pending" in m.tags]
    text = (
        f"{len(messages)} messages of the coordinator end within the hour; the one that was to last a second is gone."
    )
    return Claim(text, len(messages) == (len(AGENTS) + 1) * len(MORNINGS) and not lasting and not pending)


def _compaction(shared: list[Memory], compactions: list[tuple[int, int]]) -> Claim:
    digests = [memory.metadata for memory in shared if memory.metadata["type"] == "weekly_digest"]
    kept = [date.fromisoformat(m.metadata["date"]) for m in shared if m.metadata["type"] == "data_quality"]
    forgotten = sum(number for _, number in compactions)
    in_digests = sum(digest["mornings"] for digest in digests)
    agrees = all(counted == number for counted, number in compactions) and in_digests == forgotten
    text = f"{len(compactions)} compactions forgot {forgotten} old memories, as many as their dry runs had counted."
    return Claim(text, agrees and sorted(kept) == MORNINGS[forgotten:] and forgotten > 0)
