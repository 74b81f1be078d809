import CLibPQ

extension Connection {
    /// Streams `COPY (query) TO STDOUT (FORMAT binary)` row by row, one message in memory at a time; returns how many
    /// rows came. The query cannot take parameters, so what goes into it must be quoted. An error in `row` ends the
    /// session: the rest of the stream would otherwise have to be read and thrown away.
    @discardableResult
    public func copyOut(_ query: String, row: ([UnsafeRawBufferPointer?]) throws -> Void) throws -> Int {
        let handle = try open()
        guard PQsendQuery(handle, "copy (\(query)) to stdout (format binary)") == 1 else { throw lost() }
        guard let start = try nextResult() else { throw lost() }
        let status = PQresultStatus(start)
        if status != PGRES_COPY_OUT {
            let error = PostgresError(start)
            PQclear(start)
            while let rest = try nextResult() { PQclear(rest) }
            throw isOpen ? error : lost(error)
        }
        PQclear(start)
        return try drain(handle, row)
    }

    private func drain(_ handle: OpaquePointer, _ row: ([UnsafeRawBufferPointer?]) throws -> Void) throws -> Int {
        var parser = BinaryCopyParser()
        var count = 0
        var message: UnsafeMutablePointer<CChar>?
        while true {
            let length = PQgetCopyData(handle, &message, 0)
            guard length >= 0 else { break }
            defer { PQfreemem(message) }
            do {
                try parser.consume(UnsafeRawBufferPointer(start: message, count: Int(length))) {
                    count += 1
                    try row($0)
                }
            } catch {
                cancelAndClose()
                throw error
            }
        }
        _ = try collect()
        guard parser.isComplete else { throw lost() }
        return count
    }

    private func cancelAndClose() {
        canceller?.cancel()
        close()
    }
}
