/// Words and turns of phrase that an operator has to decode, each with the one to use instead.
///
/// The list is for text: string literals, comments, Markdown and YAML. What types may not be called
/// stands in the glossary of ARCHITECTURE.md.
struct BannedWord: Sendable {
    let pattern: String
    let instead: String
    /// A text that the pattern finds, so that no entry of the list is dead.
    let example: String
    /// A part of all that the pattern finds: a cheap test that goes before the exact one.
    let trigger: String
    /// Only at the beginning of a string literal or a sentence of Markdown.
    var isLeading = false

    static let all = [
        BannedWord(
            pattern: #"\b[cC]an not\b"#, instead: "cannot", example: "it can not be read",
            trigger: "an not"),
        BannedWord(
            pattern: #"\banew\b"#, instead: "again", example: "is planned anew", trigger: "anew"),
        BannedWord(
            pattern: #"\bof (?:its|their|our|your|his|an?|one's) own\b(?! \w)"#,
            instead: "its own …, a separate …, by itself", example: "a thread of its own.",
            trigger: " own"),
        BannedWord(
            pattern: #"\b(?:is|are|was|were|be|been) told\b"#,
            instead: "is shown, is reported, is given", example: "both are told once",
            trigger: "told"),
        BannedWord(
            pattern: #"\b(?:go|goes|going|went) along\b"#, instead: "moves with it",
            example: "its state goes along", trigger: "along"),
        BannedWord(
            pattern: #"\b(?:take|takes|taking|took) (?:\w+ ){0,3}along\b"#,
            instead: "moves with its …, copies", example: "takes its definition along",
            trigger: "along"),
        BannedWord(
            pattern: #"(?:,| in| of) which no\b"#, instead: "that is in no …, and no …",
            example: "a file, which no pool covers", trigger: "which no"),
        BannedWord(
            pattern: #"\bin vain\b"#, instead: "without result, with how often",
            example: "asked 8 times in vain", trigger: "in vain"),
        BannedWord(
            pattern: #"\bfor ever\b"#, instead: "forever, indefinitely",
            example: "samples for ever", trigger: "for ever"),
        BannedWord(
            pattern: #"\b(?:give|gives|gave|giving) (?:your|its|their|my) word\b"#,
            instead: "declare", example: "give your word under sharedStorage", trigger: " word"),
        BannedWord(
            pattern: #"\bso (?:many|long|much)\b(?! (?:as|that|better|so)\b)"#,
            instead: "this many, this long, N", example: "at least so many hosts", trigger: "so "),
        BannedWord(
            pattern: #"\bby lot\b"#, instead: "at random", example: "drawn by lot",
            trigger: "by lot"),
        BannedWord(
            pattern: #"\breckon(?:s|ed|ing)?\b"#, instead: "compute, estimate",
            example: "reckoned from rows", trigger: "reckon"),
        BannedWord(
            pattern: #"\bmend(?:s|ed|ing)?\b"#, instead: "repair, fix",
            example: "mend its libvirtd", trigger: "mend"),
        BannedWord(
            pattern: #"\b(?:come|comes|came|go|goes|went|bring|brings|brought|sent|send) home\b"#,
            instead: "return", example: "does not come home", trigger: " home"),
        BannedWord(
            pattern: #"\b(?:step|steps) aside\b"#, instead: "detour",
            example: "steps aside to host3", trigger: "aside"),
        BannedWord(
            pattern: #"\bthe like\b"#, instead: "similar …", example: "jobs and the like",
            trigger: "the like"),
        BannedWord(
            pattern: #"\b(?:cannot|could not) be asked\b"#,
            instead: "does not respond, is unreachable", example: "host2 cannot be asked",
            trigger: "be asked"),
        BannedWord(
            pattern: #"\bis no (?!longer\b|more\b|better\b|worse\b)\w+ of\b"#,
            instead: "is not a …", example: "it is no name of a bridge", trigger: "is no "),
        BannedWord(
            pattern: #"\bpower is (?:never|not) taken away\b"#, instead: "it is never powered off",
            example: "its power is never taken away", trigger: "taken away"),
        BannedWord(
            pattern: #"\bhopeless\b"#, instead: "does not converge", example: "it is hopeless",
            trigger: "hopeless"),
        BannedWord(
            pattern: #"\btakes? (?:it|them|the run|a run|up a run) up\b"#,
            instead: "resumes", example: "whoever takes the run up", trigger: " up"),
        BannedWord(
            pattern: #"\bin mid-move\b"#, instead: "during the migration",
            example: "loses its power in mid-move", trigger: "mid-move"),
        BannedWord(
            pattern: #"\bwhat (?!if\b|would\b|is\b|are\b|can\b|to\b)"#,
            instead: "a noun: the domains that, the time when", example: "what was never measured",
            trigger: "hat ",
            isLeading: true),
    ]
}
