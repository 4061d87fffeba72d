"""Four agents report on a market, morning by morning, and exchange everything through Dakera. See README.md."""

import argparse
import os
import secrets
import sys
import time
from collections.abc import Callable

from dakera import DakeraClient, DakeraError

import analysis
import data
import report
import risk
from checks import check
from market import MORNINGS, Market
from orchestrator import Orchestrator
from team import Team, open_team


def main(arguments: list[str] | None = None) -> int:
    """Run the month and print what it has shown; return 1 if any claim is false."""
    options = _parse(arguments)
    admin = DakeraClient(base_url=options.url, api_key=options.admin_key)
    market = Market(options.seed)
    started = time.monotonic()
    try:
        with open_team(admin, options.url, options.team, clean=options.clean) as team:
            print(f"Namespaces: {', '.join(team.names.values())}\n")
            compactions = _work(team, market)
            print(f"\n{report.trend(team.agents['report'], MORNINGS[-1])}\n")
            claims = check(team, market, admin, compactions)
    except DakeraError as error:
        return _explain(error)
    for claim in claims:
        print(f"{'ok    ' if claim.holds else 'FAILED'} {claim.text}")
    print(f"\n{time.monotonic() - started:.0f} seconds.")
    return 0 if all(claim.holds for claim in claims) else 1


def _work(team: Team, market: Market) -> list[tuple[int, int]]:
    """Every morning each agent in turn; every seventh morning a compaction."""
    orchestrator = Orchestrator(team)
    orchestrator.say("The month begins.", ttl_seconds=1)
    agents = team.agents
    steps: dict[str, Callable[[], str]] = {
        "data": lambda: data.work(agents["data"], market),
        "analysis": lambda: analysis.work(agents["analysis"]),
        "risk": lambda: risk.work(agents["risk"]),
        "report": lambda: report.work(agents["report"]),
    }
    compactions: list[tuple[int, int]] = []
    for number, day in enumerate(MORNINGS, start=1):
        said = []
        for role, work in steps.items():
            task = orchestrator.assign(role, day)
            said.append(f"{role}: {work()}")
            orchestrator.complete(task, role, day)
        orchestrator.say(f"The report of {day} is there.")
        print(f"{day}  {' | '.join(said)}", flush=True)
        if number % 7 == 0 and (done := orchestrator.compact(day)):
            compactions.append(done)
            print(f"{day}  compaction: the dry run counted {done[0]} old memories, {done[1]} are folded into one")
    return compactions


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--url",
        default=os.environ.get("DAKERA_URL") or "http://localhost:3300",
        help="the server (DAKERA_URL; default http://localhost:3300)",
    )
    parser.add_argument(
        "--admin-key",
        default=os.environ.get("DAKERA_ADMIN_KEY") or "dk-admin-key",
        help="an admin's key (DAKERA_ADMIN_KEY; default the one of --demo)",
    )
    parser.add_argument(
        "--team", default=f"market-{secrets.token_hex(3)}", help="prefix of the namespaces (default: random)"
    )
    parser.add_argument("--seed", type=int, default=7, help="the seed of the market (default 7)")
    parser.add_argument("--clean", action="store_true", help="remove the namespaces at the end")
    return parser.parse_args(arguments)


def _explain(error: DakeraError) -> int:
    print(error, file=sys.stderr)
    if error.code == "CONNECTION_FAILED":
        print("Is the server running? In another terminal: npm start -- --demo", file=sys.stderr)
    if error.status in (401, 403):
        print("This needs an admin's key in --admin-key.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
