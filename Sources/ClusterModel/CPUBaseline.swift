/// The CPU that every host of a fleet can give, and the guests that have another one.
package struct CPUBaseline: Hashable, Sendable {
    package struct Host: Hashable, Sendable {
        package var name: HostName
        package var model: String?
        package var vendor: String?

        package init(name: HostName, model: String?, vendor: String?) {
            self.name = name
            self.model = model
            self.vendor = vendor
        }
    }

    /// Why some hosts cannot give a guest the CPU that it has.
    package struct Lack: Hashable, Sendable {
        package var hosts: [HostName]
        package var detail: String

        package init(hosts: [HostName], detail: String) {
            self.hosts = hosts
            self.detail = detail
        }
    }

    /// A guest that must be started again, with another CPU, before it can run on every host.
    package struct Guest: Hashable, Sendable {
        package var name: String
        package var host: HostName
        package var cpu: GuestCPU
        package var lacks: [Lack]

        package init(name: String, host: HostName, cpu: GuestCPU, lacks: [Lack]) {
            self.name = name
            self.host = host
            self.cpu = cpu
            self.lacks = lacks
        }
    }

    /// `kvm`, or `qemu` where a host has no KVM.
    package var virtualization: String
    /// Hosts that answer, in order of their names.
    package var hosts: [Host]
    package var unreachable: [HostName]
    /// CPU models that guests can be given on every host, the one with the most features that
    /// matter first. Source: the hosts' domain capabilities.
    package var models: [String]
    /// The same as libvirt works it out, with single features; nil where it was not asked, or did
    /// not know.
    package var computed: BaselineCPU?
    /// The host whose libvirt did.
    package var computedBy: HostName?
    package var guests: [Guest]
    /// How many were looked at.
    package var guestsInAll: Int

    package init(
        virtualization: String, hosts: [Host], unreachable: [HostName], models: [String],
        guests: [Guest], guestsInAll: Int
    ) {
        self.virtualization = virtualization
        self.hosts = hosts
        self.unreachable = unreachable
        self.models = models
        self.guests = guests
        self.guestsInAll = guestsInAll
    }
}

/// A CPU as a guest's definition has it.
package struct BaselineCPU: Hashable, Codable, Sendable {
    package var model: String
    package var vendor: String?
    /// Features beyond the model, sorted, and those of the model that not every host has.
    package var required: [String]
    package var disabled: [String]

    package init(model: String, vendor: String?, required: [String], disabled: [String]) {
        self.model = model
        self.vendor = vendor
        self.required = required
        self.disabled = disabled
    }
}
