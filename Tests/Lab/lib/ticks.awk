# Judges one guest's ticks: `HOST N UPTIME BOOT_ID EPOCH` lines, host by host, each host's in the
# order they were written. Prints TICKS|LOST|COMPLAINT, the last empty when all is well.
# allowed=restarted lets the guest have been booted again, one boot strictly after the other.

function complain(text) { complaint = complaint (complaint == "" ? "" : "; ") text }

{
    host = $1; number = $2; boot = $4
    key = boot SUBSEP host
    if ((key in last) && number <= last[key] && !back++)
        complain("counter jumped back on " host " from " last[key] " to " number)
    last[key] = number
    where = boot SUBSEP number
    if ((where in ran) && ran[where] != host && !twice++)
        complain("ran on " ran[where] " and " host " at once (tick " number ")")
    ran[where] = host
    uptime[where] = $3; epoch[where] = $5
    if (!(boot in highest)) { boots++; order[boots] = boot; lowest[boot] = number }
    if (number > highest[boot]) highest[boot] = number
    if (number < lowest[boot]) lowest[boot] = number
    ticks++
}

END {
    if (boots > 1 && allowed != "restarted") complain("was started " boots " times")
    for (b = 1; b <= boots; b++) judge_boot(order[b])
    for (b = 1; b <= boots; b++)
        for (c = 1; c <= boots; c++)
            if (b != c && begin[order[b]] <= begin[order[c]] && finish[order[b]] > begin[order[c]])
                if (!overlap++) complain("two boots of it ran at once")
    # A migration may cut one line in two, and the halves are dropped.
    if (lost > 2 + 2 * changes) complain("lost " lost " ticks in " changes + 0 " changes of host")
    printf "%d|%d|%s\n", ticks, lost, complaint
}

function judge_boot(boot,    number, here, before) {
    before = ""
    for (number = lowest[boot]; number <= highest[boot]; number++) {
        here = boot SUBSEP number
        if (!(here in ran)) { lost++; continue }
        if (before == "") begin[boot] = epoch[here]
        else {
            if (uptime[here] + 0 < uptime[before] + 0 && !slipped++)
                complain("uptime jumped back at tick " number)
            if (epoch[here] + 0 < epoch[before] + 0 && !wrong++)
                complain("clock jumped back at tick " number)
            if (ran[here] != ran[before]) changes++
        }
        finish[boot] = epoch[here]
        before = here
    }
}
