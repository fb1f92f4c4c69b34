import ArgumentParser
import KVMBalanceCommands

/// The executable: everything else is in `KVMBalanceCommands`.
@main
struct Main {
    static func main() async {
        Detachment.begin()
        ProcessSetUp.begin()
        await KVMBalance.main(nil)
    }
}
