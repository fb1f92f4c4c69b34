/// What libvirt's CPU models of x86 have of the features that KVM cannot emulate.
///
/// libvirt describes a host's CPU as a model and the features beyond it; what a model includes is
/// in its CPU map (`/usr/share/libvirt/cpu_map` of 9.0.0): both together are all that the CPU
/// has. For hosts that were not asked about a guest's CPU (`CPUAnswer`).
package enum CPUModelTable {
    /// nil for a model that is not in the table.
    package static func features(of model: String?) -> Set<String>? {
        guard var name = model else { return nil }
        // Microcode fixes, which change nothing here.
        for suffix in ["-IBRS", "-IBPB"] where name.hasSuffix(suffix) {
            name.removeLast(suffix.count)
        }
        guard name.hasSuffix("-noTSX") else { return byModel[name] }
        return byModel[String(name.dropLast("-noTSX".count))]?.subtracting(["hle", "rtm"])
    }

    /// The features that the table knows of; of others it says nothing.
    package static let known: Set<String> = byModel.values.reduce(into: []) { $0.formUnion($1) }

    private static let byModel: [String: Set<String>] = {
        var found: [String: Set<String>] = [:]
        for entry in entries {
            let more = Set(entry.adds.split(separator: " ").map(String.init))
            found[entry.model] = more.union(entry.beyond.flatMap { found[$0] } ?? [])
        }
        return found
    }()

    /// Each with what it has beyond one before it.
    private static let entries: [(model: String, beyond: String?, adds: String)] = [
        ("Conroe", nil, "lahf_lm ssse3"),
        ("Penryn", "Conroe", "cx16 sse4.1"),
        ("Nehalem", "Penryn", "popcnt sse4.2"),
        ("Westmere", "Nehalem", "aes"),
        ("SandyBridge", "Westmere", "avx pclmuldq rdtscp xsave"),
        ("IvyBridge", "SandyBridge", "erms f16c fsgsbase rdrand smep"),
        (
            "Haswell", "SandyBridge",
            "avx2 bmi1 bmi2 erms fma fsgsbase hle invpcid movbe pcid rtm smep"
        ),
        ("Broadwell", "Haswell", "3dnowprefetch adx rdseed smap"),
        ("Skylake-Client", "Broadwell", "abm f16c mpx rdrand xgetbv1 xsavec xsaveopt"),
        (
            "Skylake-Server", "Skylake-Client",
            "avx512bw avx512cd avx512dq avx512f avx512vl clwb pdpe1gb"
        ),
        ("Cascadelake-Server", "Skylake-Server", "avx512vnni clflushopt"),
        (
            "Cooperlake", "Broadwell",
            "abm avx512-bf16 avx512bw avx512cd avx512dq avx512f avx512vl avx512vnni "
                + "clflushopt clwb f16c pdpe1gb pku rdrand xgetbv1 xsavec xsaveopt"
        ),
        (
            "Icelake-Client", "Skylake-Client",
            "avx512-vpopcntdq avx512bitalg avx512vbmi avx512vbmi2 avx512vnni gfni pku vaes "
                + "vpclmulqdq"
        ),
        (
            "Icelake-Server", "Cascadelake-Server",
            "avx512-vpopcntdq avx512bitalg avx512vbmi avx512vbmi2 gfni pku vaes vpclmulqdq"
        ),
        (
            "Snowridge", "Westmere",
            "3dnowprefetch clflushopt clwb erms fsgsbase gfni movbe pclmuldq pdpe1gb rdrand "
                + "rdseed rdtscp sha-ni smap smep xgetbv1 xsave xsavec xsaveopt"
        ),
        ("Opteron_G1", nil, ""),
        ("Opteron_G2", "Opteron_G1", "cx16 lahf_lm rdtscp"),
        ("Opteron_G3", "Opteron_G2", "abm misalignsse popcnt sse4a"),
        ("Opteron_G4", "SandyBridge", "3dnowprefetch abm fma4 misalignsse pdpe1gb sse4a xop"),
        ("Opteron_G5", "Opteron_G4", "f16c fma tbm"),
        (
            "EPYC", "SandyBridge",
            "3dnowprefetch abm adx avx2 bmi1 bmi2 clflushopt f16c fma fsgsbase misalignsse "
                + "movbe pdpe1gb rdrand rdseed sha-ni smap smep sse4a xgetbv1 xsavec xsaveopt"
        ),
        (
            "Dhyana", "Opteron_G3",
            "3dnowprefetch adx avx avx2 bmi1 bmi2 clflushopt f16c fma fsgsbase movbe "
                + "pdpe1gb rdrand rdseed smap smep sse4.1 sse4.2 ssse3 xgetbv1 xsave xsavec "
                + "xsaveopt"
        ),
        ("EPYC-Rome", "EPYC", "clwb clzero"),
        ("EPYC-Milan", "EPYC-Rome", "erms fsrm invpcid pcid pku"),
    ]
}
