/// For work whose progress concerns nobody, because it is done again and again.
struct Silence: ProgressObserver {
    func observe(_ event: ProgressEvent) async {}
}
