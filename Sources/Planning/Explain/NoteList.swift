import ClusterModel

/// Names under the reasons that they share, in order of the first of them.
struct NoteList {
    private(set) var notes: [PlanNote] = []
    private var place: [String: Int] = [:]

    mutating func add(_ name: String, _ reason: String) {
        if let index = place[reason] {
            notes[index].names.append(name)
        } else {
            place[reason] = notes.count
            notes.append(PlanNote(names: [name], reason: reason))
        }
    }
}
