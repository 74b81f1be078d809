import ArgumentParser
import ForgeModel
import ForgeStore
import Foundation

struct Features: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Define the feature store by a file: plan, apply, export.",
        discussion: """
            features.yaml holds the arguments of forge.create_entity, forge.create_feature_view and forge.create_feature_service:
              entities:
                - name: user
                  join_keys: [user_id]
                  key_types: [bigint]
              feature_views:
                - name: user_plan
                  entities: [user]
                  source: public.plans
                  event_timestamp: changed_at
                  ttl: 90 days
                  create_index: true
              feature_services:
                - name: churn
                  features: [user_plan:plan]

            What differs from the database gets a next version; what is the same is left alone, so that applying a file \
            twice does nothing the second time. A service means the newest versions of its views, unless it names others.
            """,
        subcommands: [Plan.self, Apply.self, Export.self])

    struct FileOptions: ParsableArguments {
        @Option(name: .shortAndLong, help: "The definitions, YAML or JSON (- for standard input).")
        var file: String
        @Flag(help: "Drop definitions of yours that the file lacks.")
        var prune = false
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run(command: String, planOnly: Bool) throws {
            let changes = try connection.admin().applyFeatures(definitions(command), prune: prune, planOnly: planOnly)
            output.json ? printJSON(.array(changes)) : print(FeatureChanges(list: changes, planOnly: planOnly).text)
        }

        private func definitions(_ command: String) throws -> JSONValue {
            let text = try text(ofFile: file, command: command)
            do {
                return try JSONValue(yaml: text)
            } catch {
                throw Misuse(problems: ["\(file): not YAML: \(error)"], command: command)
            }
        }
    }

    struct Plan: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show what apply would change.")
        @OptionGroup var options: FileOptions

        func run() throws { try options.run(command: "features plan", planOnly: true) }
    }

    struct Apply: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make the feature store as the file says, in one transaction.",
            discussion: """
                Nothing is dropped without --prune. What a model needs is never dropped.

                Examples:
                  forgectl features plan -f features.yaml
                  forgectl features apply -f features.yaml
                """)
        @OptionGroup var options: FileOptions

        func run() throws { try options.run(command: "features apply", planOnly: false) }
    }

    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write the newest definitions as a file for apply.",
            discussion: """
                Example:
                  forgectl features export --output features.yaml
                """)
        @Option(name: .shortAndLong, help: "The file (default: standard output).")
        var output: String?
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var format: OutputOptions

        func run() throws {
            let document = try connection.admin().exportFeatures()
            let text = format.json ? document + "\n" : try yaml(ofJSON: document)
            guard let output else { return print(text, terminator: "") }
            do {
                try text.write(toFile: output, atomically: true, encoding: .utf8)
            } catch {
                throw ForgeError(.notPermitted, "cannot write \(output)", detail: error.localizedDescription)
            }
        }
    }
}
