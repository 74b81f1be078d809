@_cdecl("forge_probe_overflow")
public func overflow(_ value: Int64) -> Int64 { value + Int64.max }
