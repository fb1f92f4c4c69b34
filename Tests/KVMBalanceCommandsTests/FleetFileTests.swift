import Foundation
import Testing

/// Whose fleet file is read, and whose may name programs.
struct FleetFileTests {
    private static let isRoot = geteuid() == 0
    private static let stranger: uid_t = 12345

    /// `kvmbalance hosts list` as typed in the playground's folder, without `--config`.
    private func list(_ play: Playground) throws -> Ending {
        try Program(
            ["hosts", "list"], in: play.folder,
            script: "cd '\(play.folder.path)' && exec \"$0\" \"$@\""
        ).wait()
    }

    private func refuse(
        _ play: Playground, _ words: String..., at location: SourceLocation = #_sourceLocation
    ) throws {
        let ending = try list(play)
        #expect(ending.status == 64 && ending.isCivil, "\(ending.text)", sourceLocation: location)
        for words in words + ["kvmbalance.yaml is not read from this folder", "--config"] {
            #expect(
                ending.errors.contains(words), "'\(words)' in \(ending.text)",
                sourceLocation: location)
        }
        // Who names it has decided.
        try play.must(0, "hosts", "list", at: location)
    }

    @Test func onesOwnIsRead() throws {
        let play = try Playground(isSampled: false)
        #expect(try list(play).status == 0)
        chmod(play.folder.path, 0o1777)
        #expect(try list(play).status == 0, "others can make files beside it, and not replace it")
    }

    @Test func whatOthersCanWriteIsNot() throws {
        let play = try Playground(isSampled: false)
        for mode in [0o664, 0o646] as [mode_t] {
            chmod(play.config, mode)
            try refuse(play, "can be written by others", "chmod go-w \(play.config)")
        }
        chmod(play.config, 0o644)
        #expect(try list(play).status == 0)
        chmod(play.folder.path, 0o775)
        try refuse(play, "others can put another file in its place")
        chmod(play.folder.path, 0o777)
        try refuse(play, "others can put another file in its place", "chmod go-w")
    }

    @Test(.enabled(if: isRoot, "giving files away needs root"))
    func whatBelongsToOthersIsNot() throws {
        let play = try Playground(isSampled: false)
        chown(play.config, Self.stranger, 0)
        try refuse(play, "belongs to user \(Self.stranger)", "chown root \(play.config)")
        chown(play.config, 0, 0)
        #expect(try list(play).status == 0)
        chown(play.folder.path, Self.stranger, 0)
        try refuse(play, "its folder", "belongs to user \(Self.stranger)")
    }

    @Test(.enabled(if: isRoot, "giving files away needs root"))
    func aLinkIsJudgedWithWhatItLeadsTo() throws {
        let play = try Playground(isSampled: false)
        let real = play.path("real.yaml")
        try FileManager.default.moveItem(atPath: play.config, toPath: real)
        try FileManager.default.createSymbolicLink(
            atPath: play.config, withDestinationPath: real)
        #expect(try list(play).status == 0)
        lchown(play.config, Self.stranger, 0)
        try refuse(play, "is a link that belongs to user \(Self.stranger)")
        lchown(play.config, 0, 0)
        chown(real, Self.stranger, 0)
        try refuse(play, "real.yaml", "chown root")
    }

    /// A program that tells that it ran, and a fleet file that names it.
    private func trap(_ play: Playground, key: String = "uri", _ parameters: String) throws {
        try play.write("#!/bin/sh\ntouch '\(play.path("ran"))'\n", to: "trap")
        chmod(play.path("trap"), 0o755)
        let uri = "qemu+ssh://x/system?\(parameters.replacing("TRAP", with: play.path("trap")))"
        let uris = key == "uri" ? "uri: \"\(uri)\"" : "uri: qemu:///a, peerURI: \"\(uri)\""
        try play.write(
            "hosts:\n  - {name: a, \(uris)}\ndatabase: \(play.path("database"))\n",
            to: "kvmbalance.yaml")
    }

    private func ran(_ play: Playground) -> Bool {
        FileManager.default.fileExists(atPath: play.path("ran"))
    }

    @Test(
        .enabled(if: isRoot, "giving files away needs root"),
        arguments: [
            "command=TRAP", "socket=/x&command=TRAP", "mode=auto;COMMAND=TRAP",
            "%63ommand=TRAP", "netcat=TRAP", "no_verify=1", "known_hosts_verify=ignore",
            "tls_priority=NONE",
        ])
    func onlyRootsFileNamesPrograms(_ parameters: String) throws {
        let play = try Playground(isSampled: false)
        try trap(play, parameters)
        chown(play.config, Self.stranger, 0)
        for words in [["status"], ["hosts", "list"]] {
            let ending = try play.run(words)
            #expect(ending.status == 64 && ending.isCivil, "\(ending.text)")
            #expect(
                ending.errors.contains("host 'a'") && ending.errors.contains("root alone")
                    && ending.errors.contains("chown root \(play.config)"), "\(ending.text)")
        }
        #expect(!ran(play))
    }

    /// Keys and sockets may be chosen by whoever types the command, not by a stranger.
    @Test(
        .enabled(if: isRoot, "giving files away needs root"),
        arguments: ["keyfile=/k", "proxy=netcat", "socket=/tmp/s", "%6beyfile=/k"])
    func onlyOnesOwnFileChoosesKeys(_ parameters: String) throws {
        let play = try Playground(isSampled: false)
        try trap(play, parameters)
        try play.must(0, "hosts", "list")
        chown(play.config, Self.stranger, 0)
        let refused = try play.must(64, "hosts", "list")
        #expect(refused.errors.contains("you or root alone can change"), "\(refused.text)")
    }

    /// A policy decides who may be shut down: one that a file names which nobody named is judged
    /// like that file.
    @Test func thePolicyOfAFoundFileIsJudgedToo() throws {
        let play = try Playground(isSampled: false)
        try play.write("name: p\n", to: "p.yaml")
        try play.write(try play.read("kvmbalance.yaml") + "policy: p.yaml\n", to: "kvmbalance.yaml")
        #expect(try list(play).status == 0)
        chmod(play.path("p.yaml"), 0o666)
        let ending = try list(play)
        #expect(ending.status == 64 && ending.errors.contains("its policy"), "\(ending.text)")
        #expect(ending.errors.contains("chmod go-w \(play.path("p.yaml"))"), "\(ending.text)")
        try play.must(0, "hosts", "list")
    }

    @Test(.enabled(if: isRoot, "giving files away needs root"))
    func theOtherHostsAreNotToldToRunThemEither() throws {
        let play = try Playground(isSampled: false)
        try trap(play, key: "peerURI", "command=TRAP")
        chown(play.config, Self.stranger, 0)
        #expect(try play.must(64, "hosts", "list").errors.contains("its peerURI has 'command='"))
    }

    @Test(.enabled(if: isRoot, "only root has such files"))
    func rootsOwnFileMay() throws {
        let play = try Playground(isSampled: false)
        try trap(play, "command=TRAP")
        _ = try play.run("status")
        #expect(ran(play))
        chmod(play.config, 0o664)
        #expect(try play.must(64, "status").errors.contains("can be written by others"))
    }
}
