import Testing

@testable import Libvirt

@Suite("The end of a migration's first pass")
struct FirstPassTests {
    @Test("is said once, also by a later pass where an event was missed")
    func once() {
        let usual = FirstPass()
        #expect([1, 2, 3, 4].filter { usual.isOver(in: $0) } == [2])
        let missed = FirstPass()
        #expect([1, 4, 5].filter { missed.isOver(in: $0) } == [4])
    }

    @Test("is said again after nobody heard")
    func again() {
        let pass = FirstPass()
        #expect(pass.isOver(in: 2))
        pass.wasNotHeard()
        #expect(pass.isOver(in: 3) && !pass.isOver(in: 4))
    }
}
