"""What must hold of a run against the peers, whatever the machine; and its figures."""

import json
import sys
from pathlib import Path

NEVER, LIFETIME = "never accepted after the acknowledgement", "accepted until the token expires"

# What is known of Django and django-oauth-toolkit: they look sessions and tokens up at every request; a disabled account ends sessions, which
# are looked at together with their user, and no token. Then: what a refresh does afterwards.
KNOWN = {
    ("django", "logout", "site"): (NEVER, None),
    ("django", "account_disabled", "site"): (NEVER, None),
    ("django-oauth", "token_revoked", "api"): (NEVER, "refused"),
    ("django-oauth", "token_revoked", "introspection"): (NEVER, "refused"),
    ("django-oauth", "account_disabled", "api"): (LIFETIME, "worked"),
    ("django-oauth", "account_disabled", "introspection"): (LIFETIME, "worked"),
}


def main():
    summary = json.loads((Path(sys.argv[1]) / "summary.json").read_text())
    targets = {target["name"]: target for target in summary["targets"]}
    control = cpu_us(targets["no_auth"])
    problems = [problem for name in ("django", "django-oauth") for problem in judged_load(targets[name], control)]
    rows = {
        (name, row["event"], row["point"]): row
        for name, target in targets.items()
        for row in target.get("revocation", [])
    }
    for key, (behaviour, refresh) in KNOWN.items():
        problems += judged_lag(key, rows.get(key), behaviour, refresh)
    print_figures(targets, rows)
    if problems:
        sys.exit("\n".join(problems))


def judged_load(target, control_cpu_us):
    if target["unexpected"]:
        yield f"{target['name']}: {target['unexpected']} unexpected answers"
    if not target.get("requests"):
        yield f"{target['name']}: was sent nothing"
    # gunicorn's first process serves nothing: what it started has to be booked too.
    if cpu_us(target) <= control_cpu_us:
        yield f"{target['name']}: {cpu_us(target)} µs of CPU per request, and a server that does next to nothing takes {control_cpu_us}"


def cpu_us(target):
    return (target.get("cpu_us_per_request") or {}).get("total", 0)


def judged_lag(key, row, behaviour, refresh):
    name = ", ".join(key)
    if row is None:
        yield f"{name}: was not measured"
        return
    told = row["n"] - row["unknown"]
    never = row["never_accepted_after_ack"]
    if told == 0:
        yield f"{name}: nothing could be told"
    elif behaviour == NEVER and never != told:
        yield f"{name}: accepted again after {told - never} of {told} acknowledgements"
    elif behaviour == LIFETIME and never == told:
        yield f"{name}: never accepted again, though tokens should outlive the account"
    refreshes = row.get("refresh_after") or {}
    if refresh and set(outcome for outcome, count in refreshes.items() if count) != {refresh}:
        yield f"{name}: every refresh afterwards should be {refresh}: {refreshes}"
    if row["breaches"] or row["flaps"]:
        yield f"{name}: {row['breaches']} breaches, {row['flaps']} flaps"


def print_figures(targets, rows):
    for target in targets.values():
        if target.get("requests"):
            print(f"{target['name']}: {target['requests']} requests, {target['unexpected']} unexpected,", cost(target))
    for (name, event, point), row in rows.items():
        if name != "no_auth":
            lag = row.get("lag_ms") or {}
            print(
                f"{name}, {event} at {point}: {row['never_accepted_after_ack']} of {row['n']} never accepted again,"
                f" longest {lag.get('max', 0)} ms, bound {row.get('bound', 'none')}, refresh afterwards {row.get('refresh_after')}"
            )


def cost(target):
    response, cpu = target.get("response_ms") or {}, target.get("cpu_us_per_request")
    return f"response {json.dumps(response)} ms, CPU {json.dumps(cpu)} µs per request"


if __name__ == "__main__":
    main()
