import ClusterModel
import HypervisorInterface

/// What block devices are, wherever they are called the same: asked over ssh, because libvirt does
/// not tell it of devices that are in none of its pools.
enum DeviceFacts {
    /// One device on one host.
    enum Sight: Hashable, Sendable {
        case absent
        /// It is there, and has no name that tells it from all others.
        case unnamed
        /// Its world-wide name with its size: equal means the same device.
        case named(String)
    }

    /// So many are asked for at once.
    private static let most = 256

    /// Devices that guests of these hosts have as disks, sorted.
    static func paths(of inventories: [HostInventory]) -> [String] {
        let paths = inventories.flatMap(\.domains).flatMap(\.disks).compactMap { disk -> String? in
            // A drive's medium is of its host.
            guard case .block(let path) = disk.source, path.hasPrefix("/dev/"),
                !["cdrom", "floppy"].contains(disk.device)
            else { return nil }
            return path
        }
        return Array(Set(paths).sorted().prefix(most))
    }

    /// The kernel's own names of what a path leads to, through all links.
    static func script(_ paths: [String]) -> String {
        """
        for p in \(paths.map(\.quotedForShell).joined(separator: " ")); do
        d=$(readlink -f -- "$p"); [ -b "$d" ] || { echo "absent - - $p"; continue; }
        n=/sys/class/block/${d##*/}; id=
        for f in dm/uuid device/wwid wwid; do
        [ -n "$id" ] || id=$(tr -s ' ' '_' 2>/dev/null <"$n/$f")
        done
        echo "device $(cat "$n/size") ${id:--} $p"
        done
        """
    }

    static func read(_ output: String) -> [String: Sight] {
        var found: [String: Sight] = [:]
        for line in output.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 3).map(String.init)
            guard words.count == 4 else { continue }
            switch words[0] {
            case "absent": found[words[3]] = .absent
            case "device":
                let isUnique = unique.contains { words[2].hasPrefix($0) }
                found[words[3]] =
                    isUnique ? .named("\(words[2]), \(words[1]) sectors") : .unnamed
            default: continue
            }
        }
        return found
    }

    /// Names that no two devices of the world share: by IEEE registration, by a drawn UUID, of a
    /// multipath device over such, or of a logical volume with its group. What vendors make up
    /// (`t10.…`) repeats: every emulated disk has the same.
    private static let unique = [
        "naa.", "eui.", "uuid.", "mpath-3", "mpath-2", "mpath-eui.", "mpath-uuid.", "LVM-",
    ]

    /// By path, a name for what each host has there: for `StorageProofs`.
    static func identities(
        _ sights: [HostName: [String: Sight]]
    ) -> [String: [HostName: String]] {
        var found: [String: [HostName: String]] = [:]
        for (host, devices) in sights {
            for (path, sight) in devices {
                switch sight {
                case .named(let name): found[path, default: [:]][host] = name
                case .absent: found[path, default: [:]][host] = "none on \(host)"
                case .unnamed: continue
                }
            }
        }
        return found.filter { $0.value.count > 1 }
    }
}
