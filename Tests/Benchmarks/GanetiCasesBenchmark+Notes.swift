/// What is known of each of Ganeti's test clusters.
extension GanetiCasesBenchmark {
    private static let pairs =
        "hbal also replaces secondaries (r:); we have live migration over shared storage, so a "
        + "DRBD domain is fenced in on its two hosts"

    static let notes: [(prefix: String, note: Note)] = [
        (
            "clean-nonzero-score",
            Note(
                tests: "a score above zero that no move lowers", expressible: "yes",
                differs: "agreed: nothing to do")
        ),
        (
            "hbal-cpu-speed",
            Note(
                tests: "a host with faster CPUs takes more load",
                expressible: "yes: CPUs times speed",
                differs: "ours moves nothing below its limits and spread; hbal here has no load "
                    + "file, and its score counts speed only with one")
        ),
        (
            "hbal-desiredlocation",
            Note(
                tests: "instances are drawn to hosts that carry the tags they wish for",
                expressible: "as a fence, which is hard; hbal's wish is soft",
                differs:
                    "1 and 2: agreed, the domain goes inside its fence before load is looked at; "
                    + "3 and 4: no host of the pair has all the tags that are wished for, hbal "
                    + "counts wishes one by one, ours says that the fence stays broken")
        ),
        (
            "hbal-dyn",
            Note(
                tests: "dynamic load, and options to ignore it", expressible: "yes",
                differs: "hbal without a load file counts every instance as 1, and evens out "
                    + "numbers; by memory and CPU both hosts are nearly empty")
        ),
        (
            "hbal-evac",
            Note(
                tests: "an offline host is emptied", expressible: "yes: drain, secondaries apart",
                differs: pairs + "; replacing the secondary of inst-s1 has no meaning for us")
        ),
        (
            "hbal-excl-tags",
            Note(
                tests: "instances with one exclusion tag are kept apart", expressible: "yes",
                differs:
                    "hbal finds no move that lowers its score; ours moves one of each pair, since "
                    + "a broken group comes before load")
        ),
        (
            "hbal-forth",
            Note(
                tests: "instances that are promised but do not exist yet",
                expressible: "no: only domains that are there are known",
                differs: "ours has nothing that runs; hbal plans places for them")
        ),
        (
            "hbal-location-exclusion",
            Note(
                tests: "one exclusion tag, one location: hosts that fail together",
                expressible: "yes: an anti-affinity group over zones",
                differs: "agreed: both mend the conflict with one move")
        ),
        (
            "hbal-location",
            Note(
                tests: "primary and secondary should not fail together",
                expressible: "no: there is no secondary", differs: pairs)
        ),
        (
            "hbal-migration",
            Note(
                tests: "live migration only where the target carries the source's tags",
                expressible: "yes: fences for each domain",
                differs: pairs + "; below its limits ours evens out no further than the policy's "
                    + "spread, hbal goes on while its score falls")
        ),
        (
            "hbal-soft-errors",
            Note(
                tests: "a cluster that breaks its own instance policy at the start",
                expressible: "partly: no instance policies, capacity stands for them",
                differs:
                    "hbal counts policy violations and advises --ignore-soft-errors; ours knows "
                    + "capacities with 4 virtual CPUs for each physical one, and balances")
        ),
        (
            "hbal-split-insts",
            Note(
                tests: "instances whose two hosts lie in different groups",
                expressible: "groups as fences", differs: "hbal wants one group at a time (-G)")
        ),
        (
            "hroller",
            Note(
                tests: "groups of hosts that reboot together",
                expressible: "the cluster yes; the goal is the rolling reboot's",
                differs: "hbal does not apply; hroller colours a graph of primaries and "
                    + "secondaries, ours is the plan of rolling reboots")
        ),
        (
            "hspace-existing",
            Note(
                tests: "how many more instances fit", expressible: "no such goal; drains are",
                differs:
                    "hbal moves one at a time and finds no improvement; ours moves one aside to "
                    + "make room for the 80 GB instance of the offline host")
        ),
    ]
}
