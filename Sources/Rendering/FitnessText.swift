import ClusterModel
package import Operations

/// What was found of hosts, as people read it.
extension FitnessCheck {
    package static func text(of results: [Result]) -> String {
        var table = Table("HOST", "ITEM", "", "DETAIL")
        var remedies: [String] = []
        for result in results.inNaturalOrder(of: \.host.rawValue) {
            for finding in result.findings {
                let grade = finding.grade == .failure ? "FAIL" : finding.grade.rawValue
                table.add(result.host.rawValue, finding.item, grade, finding.detail)
                if let remedy = finding.remedy {
                    remedies.append(
                        Format.oneLine("  \(result.host), \(finding.item): \(remedy)"))
                }
            }
        }
        return table.text
            + (remedies.isEmpty ? "" : "\n\nRemedies:\n" + remedies.joined(separator: "\n"))
    }
}
