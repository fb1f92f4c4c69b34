/// Asks before anything is changed, unless told not to.
struct Consent {
    /// By --yes.
    let isGranted: Bool
    let isJSON: Bool

    /// Shows what would be done and asks. Where the answer is no, `document` is what programs get.
    func isGiven(
        to text: String, _ question: String, else document: any Encodable
    ) throws -> Bool {
        if isJSON { Console.err(text) } else { Console.out(text) }
        if isGranted { return true }
        if Console.isInputTerminal {
            if Console.confirm(question) { return true }
            Console.err("kvmbalance: nothing was done")
        } else {
            Console.err(
                "kvmbalance: not confirmed (no terminal): nothing was changed; add --yes to run "
                    + "without a question")
        }
        if isJSON { try Console.outJSON(document) }
        return false
    }
}
