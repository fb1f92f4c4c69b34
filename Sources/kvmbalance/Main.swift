import KVMBalanceCommands

/// The executable: everything else is in `KVMBalanceCommands`.
@main
struct Main {
    static func main() async {
        ProcessSetUp.begin()
        await KVMBalance.begin()
    }
}
