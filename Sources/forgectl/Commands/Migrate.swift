import ArgumentParser
import ForgeModel
import ForgeStore

struct Migrate: ParsableCommand {
    enum Direction: String, ExpressibleByArgument, CaseIterable { case up, down, status }

    static let configuration = CommandConfiguration(
        abstract: "Bring the database's forge schema up to date, take it down, or show where it stands.",
        discussion: """
            Runs as a member of forge_admin. What only a superuser may do (roles, CREATE EXTENSION) is printed by \
            --print-superuser-sql, for a DBA to read and run once per database.

            Examples:
              forgectl migrate --print-superuser-sql | psql -U postgres mydb
              forgectl migrate
              forgectl migrate status
              forgectl migrate down --force      drops every model and request
            """)

    @Argument(help: "up, down or status.")
    var direction: Direction = .up
    @Flag(name: .customLong("print-superuser-sql"), help: "Print what a superuser runs once per database, and do nothing.")
    var printSuperuserSQL = false
    @Flag(help: "With down: drop tables that hold rows, too.")
    var force = false
    @Option(help: "With down: the schema version to stop at.")
    var to = 0
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if direction != .down, force || to != 0 { throw ValidationError("--force and --to go with down") }
    }

    func run() throws {
        if printSuperuserSQL {
            print(SchemaFiles.superuserSQL)
            return
        }
        let migrator = Migrator(try connection.connect())
        switch direction {
        case .up: show(try migrator.up())
        case .down: show(try migrator.down(to: to, force: force))
        case .status: show(try migrator.status())
        }
    }

    private func show(_ steps: [Migrator.Step]) {
        if output.json { return printJSON(["steps": .array(steps.map { .text(words($0)) })]) }
        print(steps.isEmpty ? "nothing to do" : steps.map(words).joined(separator: "\n"))
    }

    private func words(_ step: Migrator.Step) -> String {
        switch step {
        case .applied(let version, let name): "applied \(version) \(name)"
        case .appliedCode: "applied functions, triggers, views and grants"
        case .reverted(let version, let name): "reverted \(version) \(name)"
        }
    }

    private func show(_ status: Migrator.Status) {
        if output.json {
            return printJSON([
                "schema_version": JSONValue(status.schemaVersion), "known_version": JSONValue(status.knownVersion),
                "code_is_current": .bool(status.codeIsCurrent), "is_current": .bool(status.isCurrent),
                "migrations": .array(
                    status.entries.map { entry in
                        ["version": JSONValue(entry.version), "name": .text(entry.name), "applied_at": JSONValue(entry.appliedAt)]
                    }),
            ])
        }
        var table = Table("VERSION", "NAME", "APPLIED", right: ["VERSION"])
        table.rows = status.entries.map { ["\($0.version)", $0.name, $0.appliedAt.map { String($0.prefix(19)) } ?? "pending"] }
        print(table.text)
        print("functions, triggers, views and grants: \(status.codeIsCurrent ? "current" : "to be applied")")
        if status.schemaVersion > status.knownVersion {
            print("the database is at version \(status.schemaVersion), newer than this forgectl: upgrade it")
        }
    }
}
