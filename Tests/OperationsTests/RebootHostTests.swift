import ClusterModel
import Execution
import Persistence
import PlacementPolicy
import Simulation
import Synchronization
import Testing

@testable import Operations

/// What a rolling reboot makes of hosts that do not do as they should.
struct RebootHostTests {
    @Test func aHostThatDoesNotComeBackStopsItWithTheFleetWhole() async throws {
        let ground = try await RebootGround()
        ground.commands.set(.isLost, of: "host2")
        let (report, exit) = try await ground.begin()
        #expect(exit == .halted && report.state == "halted", "\(report)")
        // The other one of its round is not left alone.
        #expect(ground.commands.reboots == ["host1", "host2", "host3"])
        #expect(report.line == "2 of 3 hosts done, host2 is rebooting since 10 min")
        #expect(report.reason?.contains("host2 did not come back within 10 min") == true)
        #expect(report.reason?.contains("kvmbalance runs resume \(report.run)") == true)
        #expect(try await ground.maintenance == ["host2"])
        try await ground.expectAllWell()
        let error = await #expect(throws: CommandError.self) {
            _ = try await ground.ground.operation().carryOut(
                .drain(["host2"], bestEffort: false)
            ) { _ in true }
        }
        #expect(error?.exit == .halted)
    }

    @Test func aHostWithTheSameBootIDIsNotTakenForRebooted() async throws {
        let ground = try await RebootGround()
        ground.commands.set(.staysUp, of: "host1")
        let (report, exit) = try await ground.begin(ground.wishes(["host1"]))
        #expect(exit == .halted, "\(report)")
        #expect(
            report.reason?.contains("it still has the boot id of before (its command ended with")
                == true, "\(report)")
        // Once more: it is waited for, and not rebooted behind anybody's back.
        #expect(try await ground.takeUp().exit == .halted)
        #expect(ground.commands.reboots == ["host1"])
        let log = try ground.service().log(of: report.run, "host1")
        ground.commands.keepRunning(log, true)
        let error = await #expect(throws: CommandError.self) {
            try await ground.takeUp(runsAgain: true)
        }
        #expect(error?.message.contains("still runs, and is not started a second time") == true)
        ground.commands.keepRunning(log, false)
        ground.commands.set(.reboots, of: "host1")
        #expect(try await ground.takeUp(runsAgain: true).exit == .done)
        #expect(ground.commands.reboots == ["host1", "host1"])
        try await ground.expectAllWell()
    }

    @Test func aHostThatWasRebootedMeanwhileIsNotRebootedAgain() async throws {
        let ground = try await RebootGround()
        ground.commands.set(.staysUp, of: "host1")
        _ = try await ground.begin(ground.wishes(["host1"]))
        // By hand, which whoever resumes it need not know.
        try await ground.simulated.inject(.hostReboot("host1", downMilliseconds: 1000))
        try await ground.simulated.sleep(2000)
        #expect(try await ground.takeUp(runsAgain: true).exit == .done)
        #expect(ground.commands.reboots == ["host1"])
    }

    @Test func aCommandThatFailsStopsItAndSoDoesNotOneWhoseHostGoesDown() async throws {
        let ground = try await RebootGround()
        ground.commands.set(.fails(status: 255, reboots: false), of: "host1")
        let (report, exit) = try await ground.begin(ground.wishes(["host1"]))
        #expect(exit == .failed, "\(report)")
        #expect(report.reason?.contains("exit code 255: Permission denied") == true, "\(report)")
        #expect(try await ground.maintenance == ["host1"])
        let other = try await RebootGround()
        other.commands.set(.fails(status: 255, reboots: true), of: "host1")
        #expect(try await other.begin(other.wishes(["host1"])).exit == .done)
    }

    @Test func roundsBeginInTheirHoursAlone() async throws {
        let ground = try await RebootGround()
        let minute: @Sendable (Timestamp) -> Int = {
            Int($0.milliseconds / 60_000 % (24 * 60))
        }
        let hours = try #require(DailyHours("22:00-06:00"))
        let begun = Mutex<[Int]>([])
        let observer = ground.ground.observer
        let service = try ground.service(
            killedAfter: { event in
                guard case .roundBegan = event else { return }
                begun.withLock { $0.append(minute(observer.now())) }
            }, minute: minute)
        let (report, exit) = try await ground.begin(ground.wishes(hours: hours), by: service)
        #expect(exit == .done, "\(report)")
        let minutes = begun.withLock(\.self)
        // The clock of these tests starts at 22:13:20.
        #expect(!minutes.isEmpty && minutes.allSatisfy(hours.contains), "\(minutes)")
    }

    @Test func outsideTheHoursItWaits() async throws {
        let ground = try await RebootGround()
        let minute: @Sendable (Timestamp) -> Int = {
            Int($0.milliseconds / 60_000 % (24 * 60))
        }
        let (_, exit) = try await ground.begin(
            ground.wishes(["host1"], hours: DailyHours("23:00-23:30")),
            by: ground.service(minute: minute))
        #expect(exit == .done)
        #expect(minute(ground.ground.observer.now()) >= 23 * 60)
        #expect(
            ground.words.contains("note: the next round begins at 23:00 (--between 23:00-23:30)"))
    }

    @Test func aNewcomerLeavesTheHostBeforeItIsRebooted() async throws {
        let ground = try await RebootGround()
        let simulated = ground.simulated
        let world = try await simulated.present()
        let late = try #require(world.host("host1")?.domains.first { $0.isActive })
        try await simulated.inject(.guestShutDown(late.id))
        let isNew = Mutex(true)
        let service = try ground.service(killedAfter: { event in
            guard case .emptied = event, isNew.withLock({ $0 }) else { return }
            isNew.withLock { $0 = false }
            try await simulated.inject(.guestStarted(late.id))
        })
        let (report, exit) = try await ground.begin(ground.wishes(["host1"]), by: service)
        #expect(exit == .done, "\(report)")
        #expect(
            ground.words.contains {
                $0.contains("host1 is not empty any more ('\(late.facts.name)')")
            })
        #expect(ground.commands.reboots == ["host1"])
        let after = try await simulated.present()
        #expect(
            after.holders(of: late.id).count == 1 && !after.holders(of: late.id).contains("host1"))
    }

    @Test func aHostThatSomebodyElseKeepsInMaintenanceStaysThere() async throws {
        let ground = try await RebootGround()
        try await ground.journal.setMaintenance(
            MaintenanceEntry(host: "host2", since: ground.ground.observer.now(), run: nil))
        let (report, exit) = try await ground.begin(
            ground.wishes(["host1", "host2"], homecoming: .always))
        #expect(exit == .done, "\(report)")
        #expect(try await ground.maintenance == ["host2"])
        try await ground.expectAllWell()
    }

    @Test func maintenanceThatSomebodyEndedIsNotRebootedThrough() async throws {
        let ground = try await RebootGround()
        let journal = try ground.journal
        let service = try ground.service(killedAfter: { event in
            if case .emptied = event { try await journal.clearMaintenance(of: "host1") }
        })
        let (report, exit) = try await ground.begin(ground.wishes(["host1"]), by: service)
        #expect(exit == .failed && ground.commands.reboots == [], "\(report)")
        #expect(report.reason?.contains("no longer in maintenance") == true)
    }

    @Test func thisMachineIsRefused() async throws {
        let ground = try await RebootGround()
        ground.commands.bootID.withLock { $0 = MachineIdentity.present.boot }
        let error = await #expect(throws: CommandError.self) {
            try await ground.begin(ground.wishes(["host1"]))
        }
        #expect(error?.message.contains("is the machine that kvmbalance runs on") == true)
        ground.commands.bootID.withLock { $0 = "one for all" }
        let same = await #expect(throws: CommandError.self) { try await ground.begin() }
        #expect(same?.message.contains("host1 and host2 have the same boot id") == true)
        #expect(try await ground.journal.reboots().isEmpty)
    }

    // MARK: Words

    @Test func aTemplateNamesItsHost() throws {
        let host = FleetHost(name: "it's 1", uri: "qemu+ssh://root@10.0.0.1:22/system")
        let template = try CommandTemplate(
            "ssh {address} 'a{1..2}' {host} {uri} {x}", option: "--run")
        #expect(
            template.line(for: host)
                == "ssh 10.0.0.1 'a{1..2}' 'it'\\''s 1' qemu+ssh://root@10.0.0.1:22/system {x}")
        #expect(throws: CommandError.self) {
            try CommandTemplate("systemctl reboot", option: "--run")
        }
    }

    @Test(arguments: [
        ("22:00-06:00", 22 * 60, true), ("22:00-06:00", 5 * 60 + 59, true),
        ("22:00-06:00", 6 * 60, false), ("22:00-06:00", 12 * 60, false),
        ("08:30-09:00", 8 * 60 + 30, true), ("08:30-09:00", 9 * 60, false),
        ("18:00-24:00", 23 * 60 + 59, true), ("18:00-24:00", 0, false),
    ])
    func hours(_ text: String, _ minute: Int, _ isWithin: Bool) throws {
        #expect(try #require(DailyHours(text)).contains(minute) == isWithin)
    }

    @Test(arguments: ["", "22-6", "22:00", "25:00-06:00", "22:60-06:00", "6:00-6:00", "a:b-c:d"])
    func wrongHours(_ text: String) { #expect(DailyHours(text) == nil) }
}
