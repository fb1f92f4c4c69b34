/// What a fleet has room for beyond what runs in it: which host's loss the others could not make
/// good, and how many more guests of one size fit.
package struct FleetHeadroom: Hashable, Sendable {
    package struct Guest: Hashable, Sendable {
        package var name: String
        package var memory: Bytes

        package init(name: String, memory: Bytes) {
            self.name = name
            self.memory = memory
        }
    }

    /// One host whose guests would not all find a place, should it fail.
    package struct Loss: Hashable, Sendable {
        package var host: HostName
        /// Those that would not, the biggest first.
        package var guests: [Guest]
        /// What the first of them lacks where it comes nearest (`2 GiB short on host1`).
        package var detail: String

        package init(host: HostName, guests: [Guest], detail: String) {
            self.host = host
            self.guests = guests
            self.detail = detail
        }

        package var memory: Bytes { guests.reduce(.zero) { $0 + $1.memory } }
    }

    /// How many more guests like one fit.
    package struct Room: Hashable, Sendable {
        package struct Share: Hashable, Sendable {
            package var host: HostName
            package var guests: Int

            package init(host: HostName, guests: Int) {
                self.host = host
                self.guests = guests
            }
        }

        package var guest: DomainFacts
        /// Hosts that take at least one, in order of their names.
        package var hosts: [Share]
        /// Why the others take none.
        package var blockers: [Blocker]
        /// Any host may still fail with all of them running, if it could before.
        package var keepsSpareRoom: Bool
        /// There is room for more, which was not counted.
        package var isCut: Bool

        package init(
            guest: DomainFacts, hosts: [Share], blockers: [Blocker], keepsSpareRoom: Bool,
            isCut: Bool
        ) {
            self.guest = guest
            self.hosts = hosts
            self.blockers = blockers
            self.keepsSpareRoom = keepsSpareRoom
            self.isCut = isCut
        }

        package var count: Int { hosts.reduce(0) { $0 + $1.guests } }
    }

    /// Hosts that were asked about: those that answer and have guests that could run elsewhere.
    package var hosts: [HostName]
    package var losses: [Loss]
    /// Guests that can run on their host alone, and are down with it, by host.
    package var bound: [HostName: [String]]
    /// Hosts that do not answer: nothing is known of them.
    package var unreachable: [HostName]
    /// nil where no size was asked about.
    package var room: Room?

    package init(
        hosts: [HostName], losses: [Loss], bound: [HostName: [String]], unreachable: [HostName],
        room: Room? = nil
    ) {
        self.hosts = hosts
        self.losses = losses
        self.bound = bound
        self.unreachable = unreachable
        self.room = room
    }
}
