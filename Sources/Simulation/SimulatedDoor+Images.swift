package import ClusterModel
package import HypervisorInterface

extension SimulatedConnection: ImageKeeper {
    package func images(
        of domain: DomainID, disks: [String], layer: Bool, firmware: Bool
    ) async throws -> [DiskImage] {
        try await answer(to: "read images") { world throws in
            try world.images(
                of: domain, disks: disks, layer: layer, firmware: firmware, on: place,
                with: mistake)
        }
    }

    package func admit(_ images: [DiskImage], isVerbatim: Bool) async throws {
        try await answer(to: "check free space") { world throws in
            try world.admit(images, isVerbatim: isVerbatim, on: place, with: mistake)
        }
    }

    package func create(_ images: [DiskImage], control: any CancellableProgress) async throws {
        for image in images {
            try await effect("make images") { world throws in
                try world.makeImage(image, on: place, with: mistake)
            }
            tell(control, of: image)
        }
    }

    package func remove(_ images: [DiskImage], of domain: DomainID) async throws {
        try await effect("remove images") { world throws in
            try world.removeImages(images, on: place, with: mistake)
        }
    }

    /// Each byte is sent once and read once to be compared, at the pace of the slower host.
    package func copy(
        _ images: [DiskImage], to target: HostName, control: any CancellableProgress
    ) async throws {
        control.begin(total: Bytes(2 * images.reduce(0) { $0 + $1.length.count }))
        let what = "copy images to \(target)"
        for image in images {
            let copy = try await effect(what) { world throws in
                try world.beginCopy(of: image, from: place, to: target, with: mistake)
            }
            tell(control, of: image)
            try await pass(copy, control)
            try await effect(what) { world throws in try world.endCopy(copy) }
            try await pass(copy, control)
            try await answer(to: what) { world throws in try world.verify(copy) }
        }
    }

    private func tell(_ control: any CancellableProgress, of image: DiskImage) {
        if mistake != .tellsOfNothing { control.made(image.path) }
    }

    /// Waits for as long as the file's length takes, and looks at least every second.
    private func pass(_ copy: SimulatedCopy, _ control: any CancellableProgress) async throws {
        let what = "copy images to \(copy.target)"
        var left = copy.file.length.count
        var stalledMilliseconds: Int64 = 0
        while left > 0 {
            guard !control.isCancelled else {
                throw HypervisorError(
                    kind: .failed, operation: what, host: host, message: "the copy was aborted")
            }
            let rate = try await answer(to: what) { world throws in try world.rate(of: copy).count }
            guard rate > 0 else {
                guard stalledMilliseconds < SimulatedWorld.keepaliveMilliseconds else {
                    throw HypervisorError(
                        kind: .failed, operation: what, host: host,
                        message: "Cannot write data: Connection timed out")
                }
                stalledMilliseconds += 1000
                try await fleet.sleep(1000)
                continue
            }
            stalledMilliseconds = 0
            let pause = max(1, min(1000, (left * 1000 + rate - 1) / rate))
            try await fleet.sleep(pause)
            let sent = min(left, max(1, rate * pause / 1000))
            left -= sent
            control.advance(by: Int(sent))
        }
    }

    // MARK: Down and up

    package func shutDown(
        _ domain: DomainID, within seconds: Int, control: any CancellableProgress
    ) async throws {
        let start = fleet.clock()
        try await ShutdownWait(for: domain, on: host, seconds: seconds).run(
            control, elapsed: { fleet.clock().millisecondsSince(start) },
            sleep: { try await fleet.sleep($0) },
            isDown: {
                try await answer(to: "look at domain") { world throws in
                    try world.isDown(domain, on: place)
                }
            },
            ask: {
                control.askedToShutDown()
                try await effect("shut down") { world throws in
                    try world.askToShutDown(domain, on: place)
                }
            })
    }

    package func saveMemory(of domain: DomainID) async throws {
        try await effect("save memory") { world throws in
            try world.beginSave(of: domain, on: place)
        }
        while true {
            let seen = try await answer(to: "look at domain") { world throws in
                try world.sighting(of: domain, on: place)
            }
            if !seen.isBeingSaved {
                guard seen.presence == .inactive, seen.hasSavedState else {
                    throw HypervisorError(
                        kind: .failed, operation: "save memory", host: host,
                        domain: domain.rawValue, message: "it is \(seen.presence.rawValue)")
                }
                return
            }
            try await fleet.sleep(250)
        }
    }

    package func start(_ domain: DomainID, with images: [DiskImage]) async throws {
        try await effect("start") { world throws in
            try world.start(domain, on: place, with: images, mistake: mistake)
        }
    }

    // MARK: What proves that nothing is lost

    package func stamps(of images: [DiskImage]) async throws -> [String: String] {
        try await answer(to: "look at images") { world throws in
            try world.stamps(of: images, on: place)
        }
    }

    package func differing(
        _ images: [DiskImage], on target: HostName
    ) async throws -> [DiskImage] {
        try await answer(to: "compare images") { world throws in
            try world.differing(images, from: place, on: target)
        }
    }

    package func unflushed(
        _ images: [DiskImage], of domain: DomainID
    ) async throws -> [DiskImage] {
        try await answer(to: "read flushes") { world throws in
            try world.unflushed(images, of: domain, on: place)
        }
    }

    package func copyDefinition(_ request: MigrationRequest) async throws {
        let request = inFleet(request)
        try await effect("define on \(request.target)") { world throws in
            try world.copyDefinition(
                of: request.domain, from: place, to: request.target,
                renaming: request.names)
        }
    }
}

extension SimulatedConnection: StepInspector {
    package func needs(of domain: DomainID) async throws -> StepNeeds {
        try await answer(to: "read the domain's requirements") { world throws in
            try world.needs(of: domain, on: place)
        }
    }

    /// Memory that is short where nobody else has touched the host is a planner's mistake: the
    /// world notes it, for the step will not be begun.
    package func lacks(_ needs: StepNeeds) async throws -> [String] {
        try await effect("check the target's resources") { world throws in
            try world.lacks(needs, on: place)
        }
    }
}
