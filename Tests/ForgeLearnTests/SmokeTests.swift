import ForgeModel
import Testing

@testable import ForgeLearn

@Test(arguments: AlgorithmRegistry.all.flatMap { a in a.tasks.map { (a.name, $0.rawValue) } })
func trainsOnNumbersAndText(_ algorithm: String, _ task: String) throws {
    var random = Random(1)
    var table = Table()
    let n = 3000
    let x = (0..<n).map { _ in random.normal() }
    let z = (0..<n).map { _ in random.uniform() < 0.1 ? nil : random.normal() }
    let c = (0..<n).map { _ in ["a", "b", "c"][random.index(3)] }
    table.add("x", x)
    table.add("z", z)
    table.add("c", c)
    let y = (0..<n).map { x[$0] + (z[$0] ?? 1) + (c[$0] == "a" ? 2 : 0) + 0.1 * random.normal() }
    if task == "regression" { table.add("y", y, role: .target) } else { table.add("y", y.map { $0 > 0 ? "yes" : "no" }, role: .target) }
    let run = Run(table: table, algorithm: algorithm, task: task, split: ["method": "random", "test": 0.3])
    let outcome = try run.train()
    let quality = task == "regression" ? outcome.manifest["metrics"]!["r2"]! : outcome.manifest["metrics"]!["roc_auc"]!
    #expect(quality.doubleValue! > 0.9)
}
