extension Dictionary {
    /// Of pairs with the same key the first counts: what comes from hosts and files may hold one
    /// twice.
    package init(firstOf pairs: some Sequence<(Key, Value)>) {
        self.init(pairs, uniquingKeysWith: { first, _ in first })
    }
}
