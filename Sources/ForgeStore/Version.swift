/// The version of the programs, `forgectl` and `forged`; the schema's is in `SchemaFiles`, the library's in
/// `forge.control`.
public let forgeVersion = "0.1.0"
