extension String {
    /// One word of a shell command that a person pastes or a shell reads: in quotes where it needs
    /// them.
    package var quotedForShell: String {
        let isPlain =
            !isEmpty
            && allSatisfy {
                $0.isASCII && ($0.isLetter || $0.isNumber || "-_./:@%+=,".contains($0))
            }
        return isPlain ? self : "'" + replacing("'", with: "'\\''") + "'"
    }
}
