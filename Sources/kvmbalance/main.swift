import KVMBalanceCommands

await KVMBalance.main()
