import PlacementPolicy

/// What is said of a policy that is refused; nil where it is read.
func refusal(of yaml: String) -> String? {
    do throws(PolicyError) {
        _ = try Policy(yaml: yaml)
        return nil
    } catch {
        return error.description
    }
}
