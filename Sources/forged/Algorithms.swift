import ArgumentParser
import ForgeBridge

struct Algorithms: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the algorithms that this forged can train.")

    @Flag(help: "Print sql/code/algorithms.sql, which tells the database of them.")
    var sql = false

    func run() {
        if sql {
            print(JobProcess.algorithmsSQL, terminator: "")
        } else {
            for name in JobProcess.algorithms { print(name) }
        }
    }
}
