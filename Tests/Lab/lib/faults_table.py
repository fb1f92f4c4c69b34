"""The Markdown of `faults`: rounds that went alike are one line, with their number."""


def cell(text, limit=360):
    text = " ".join(str(text).split()).replace("|", "/")
    return text if len(text) <= limit else text[:limit].rstrip() + " …"


def outcome(said):
    code = said["code"]
    return f"**{said['state']}**, " + (code if isinstance(code, str) else f"exit {code}")


def check(facts):
    oracle = facts["oracle"]
    if not oracle and not facts["wrong"]:
        return "nothing lost, nothing twice, all as said" + (
            f" ({', '.join(facts['off'])} is off)" if facts.get("off") else "")
    return "; ".join([oracle] * bool(oracle) + facts["wrong"])


def key(facts):
    return (outcome(facts["first"]), tuple(
        (follow["verb"], outcome(follow)) for follow in facts.get("follow", [])), check(facts))


def table(results):
    """One table for each fault; a line for each way a variant went."""
    lines = []
    for fault in dict.fromkeys(facts["fault"] for facts in results):
        lines += ["", f"## {fault}", "",
                  "| what | times | hit | kvmbalance | then | at the end |", "|---|---|---|---|---|---|"]
        mine = [facts for facts in results if facts["fault"] == fault]
        for variant in dict.fromkeys(facts["variant"] for facts in mine):
            groups = {}
            for facts in mine:
                if facts["variant"] == variant and "trouble" not in facts:
                    groups.setdefault(key(facts), []).append(facts)
            for alike in groups.values():
                lines.append(row(variant, alike))
    trouble = [facts for facts in results if "trouble" in facts]
    if trouble:
        lines += ["", "The bed itself failed, and these rounds say nothing:"]
        lines += [f"- {facts['fault']}, {facts['variant']}: {cell(facts['trouble'])}"
                  for facts in trouble]
    return "\n".join(lines).strip()


def row(variant, alike):
    first = alike[0]
    hits = list(dict.fromkeys(facts["hit"] for facts in alike))
    said = first["first"]["said"]
    then = []
    for follow in first.get("follow", []):
        then.append(f"`{follow['verb']}`: {outcome(follow)}" + (
            f": {cell(follow['said'])}" if follow["said"] and follow["code"] != 0 else ""))
    return (f"| {variant} | {len(alike)} | {cell('; or '.join(hits), 300)} "
            f"| {outcome(first['first'])}{': ' + cell(said) if said else ''} "
            f"| {cell('; '.join(then), 500) or '-'} | {cell(check(first))} |")
