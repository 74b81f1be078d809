import ForgeModel
import ForgePQ

extension Admin {
    /// What applying a document of definitions would change, or has changed: `action`, `kind`, `name`, `version` and
    /// `differences`, in order. One transaction.
    public func applyFeatures(_ definitions: JSONValue, prune: Bool, planOnly: Bool) throws -> [JSONValue] {
        try objects(
            "select * from forge.\(planOnly ? "plan" : "apply")_features($1::jsonb, $2::boolean)",
            [.text(definitions.serialized), .text(prune ? "true" : "false")])
    }

    /// The definitions as one JSON document, its members in the order in which people read them.
    public func exportFeatures() throws -> String {
        try connection.query("select forge.export_features()").first?[0] ?? "{}"
    }
}
