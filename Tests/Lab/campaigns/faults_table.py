"""The Markdown of `faults`: rounds that went alike are one line, with their number."""

import re

TITLES = {
    "ours": "kill -9 of kvmbalance after each record of its journal",
    "source-daemon": "kill -9 of the source's libvirtd",
    "target-daemon": "kill -9 of the target's libvirtd",
    "target-qemu": "kill -9 of the target's QEMU",
    "link-3s": "The target's link cut for 3 s",
    "link-cut": "The target's link cut, and repaired when kvmbalance had ended",
    "post-copy": "The stream of a post-copy broken",
    "crawl": "The target's link slowed to 1 Mbit/s while copying, policy `timeout: 60s`",
    "memory": "No memory on the target when the guest is to start there",
    "full-disk": "The disk of kvmbalance's journal full",
    "shut-down": "The guest shut down by hand during the migration",
    "other-hands": "Another tool (virsh) migrates a guest of the plan to a third host",
}


def cell(text, limit=420):
    text = " ".join(str(text).split()).replace("|", "/")
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID", text)
    text = re.sub(r"/tmp/\S*/(state|plan)", r"…/\1", text)
    return text if len(text) <= limit else text[:limit].rstrip() + " …"


def roles(text, facts):
    """Hosts by what they were in that round, so that alike rounds read alike."""
    for role in ("source", "target"):
        text = text.replace(facts[role], role)
    return re.sub(r"running \((booted|migrated|unpaused|migration canceled)\)", "running", text)


def instants(alike):
    """Where the fault fell, each picture once; how much was copied as a span."""
    copied = [int(number) for facts in alike
              for number in re.findall(r"(\d+) MiB copied", facts["hit"])]
    span = f"{min(copied)} to {max(copied)} MiB copied" if copied else ""
    pictures = {}
    for facts in alike:
        hit = re.sub(r"\d+ MiB copied, \d+ MiB left", span, roles(facts["hit"], facts))
        hit = re.sub(r"hit \d+ times", "hit", hit)
        pictures[hit] = pictures.get(hit, 0) + 1
    return "; ".join(f"{count}× {hit}" if len(pictures) > 1 else hit
                     for hit, count in pictures.items())


def outcome(said):
    code = said["code"]
    return f"**{said['state']}**, " + (code if isinstance(code, str) else f"exit {code}")


def check(facts):
    oracle = facts["oracle"]
    if not oracle and not facts["wrong"]:
        off = f"; {', '.join(facts['off'])} is off" if facts.get("off") else ""
        return f"nothing lost, nothing twice, placed as said{off}"
    return roles("; ".join([oracle] * bool(oracle) + facts["wrong"]), facts)


def key(facts):
    follows = facts.get("follow", [])
    return (outcome(facts["first"]), tuple((follow["verb"], outcome(follow)) for follow in follows),
            facts.get("by_hand"), check(facts))


def table(results):
    """One table for each fault; a line for each way a variant went."""
    lines = []
    for fault in [name for name in TITLES if any(facts["fault"] == name for facts in results)]:
        mine = [facts for facts in results if facts["fault"] == fault and "trouble" not in facts]
        lines += ["", f"## {TITLES[fault]}", "",
                  "| what | times | hit | kvmbalance ended, and said | then | at the end |",
                  "|---|---|---|---|---|---|"]
        for variant in dict.fromkeys(facts["variant"] for facts in mine):
            groups = {}
            for facts in mine:
                if facts["variant"] == variant:
                    groups.setdefault(key(facts), []).append(facts)
            lines += [row(variant, alike) for alike in groups.values()]
    played = [facts for facts in results if "trouble" not in facts]
    bad = [facts for facts in played if facts["oracle"] or facts["wrong"]]
    lines += ["", f"{len(played)} rounds; in {len(played) - len(bad)} of them nothing was lost, "
              "nothing was there twice, and every guest was where kvmbalance said."]
    trouble = [facts for facts in results if "trouble" in facts]
    if trouble:
        lines += ["", "The bed itself failed, and these rounds say nothing:"]
        lines += [f"- {facts['fault']}, {facts['variant']}: {cell(facts['trouble'])}"
                  for facts in trouble]
    return "\n".join(lines).strip()


def row(variant, alike):
    first = alike[0]
    said = first["first"]["said"]
    then = []
    for follow in first.get("follow", []):
        then.append(f"`{follow['verb']}`: {outcome(follow)}" + (
            f": {cell(follow['said'], 200)}" if follow["said"] and follow["code"] != 0 else ""))
    if "by_hand" in first:
        then.insert(1, f"by hand, as it says: {first['by_hand']} (the oracle before: "
                    f"{roles(first['before_hand'], first) or 'ok'})")
    return (f"| {variant} | {len(alike)} | {cell(instants(alike), 400)} "
            f"| {outcome(first['first'])}{': ' + cell(said) if said else ''} "
            f"| {'; '.join(then) or '-'} | {cell(check(first))} |")
