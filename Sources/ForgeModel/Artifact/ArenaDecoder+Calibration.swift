import CForgeMath

extension ArenaDecoder {
    /// One calibrator of two classes, else one of each.
    mutating func decodeCalibration(classes: Int) throws(Refusal) {
        let sigmoids = artifact.has(.calibrationSigmoids)
        let tables = artifact.has(.calibrationOffsets)
        try require(
            artifact.has(.calibrationX) == tables && artifact.has(.calibrationY) == tables && !(sigmoids && tables),
            "its calibration is not whole")
        guard sigmoids || tables else { return }
        try require(classes >= 2, "its calibration is not of classes")
        let count = classes == 2 ? 1 : classes
        if sigmoids { try decodeSigmoids(count) } else { try decodeTables(count) }
    }

    private mutating func decodeSigmoids(_ count: Int) throws(Refusal) {
        let values = try artifact.matrix(.calibrationSigmoids, Double.self, columns: 2)
        try require(values.count == 2 &* count, "its calibration is not of its classes")
        let region = try builder.reserve(Double.self, count: values.count)
        for i in upTo(values.count) {
            try require(values[i].isFinite, "a number is not finite")
            region.store(values[i], at: i)
        }
        arena.calibration = Int32(truncatingIfNeeded: FORGE_CALIBRATION_SIGMOID)
        arena.calibration_x = region.span
    }

    private mutating func decodeTables(_ count: Int) throws(Refusal) {
        let offsets = try artifact.vector(.calibrationOffsets, Int32.self)
        let x = try artifact.vector(.calibrationX, Double.self)
        let y = try artifact.vector(.calibrationY, Double.self)
        try require(offsets.count == count &+ 1 && x.count == y.count, "its calibration is not of its classes")
        try require(offsets[0] == 0 && Int(offsets[count]) == x.count, "its calibration is not whole")
        let ends = try builder.reserve(Int32.self, count: offsets.count)
        let places = try builder.reserve(Double.self, count: x.count)
        let heights = try builder.reserve(Double.self, count: y.count)
        ends.store(0, at: 0)
        for k in upTo(count) {
            let first = Int(offsets[k])
            let last = Int(offsets[k &+ 1])
            try require(first < last && last <= x.count, "a calibrator has no points")
            ends.store(offsets[k &+ 1], at: k &+ 1)
            for i in upTo(last &- first) {
                let at = first &+ i
                try require(
                    abs(x[at]) <= Calibration.largestX && y[at] >= 0 && y[at] <= 1 && (i == 0 || x[at] > x[at &- 1]),
                    "a calibrator's points are not in order")
                places.store(x[at], at: at)
                heights.store(y[at], at: at)
            }
        }
        arena.calibration = Int32(truncatingIfNeeded: FORGE_CALIBRATION_ISOTONIC)
        arena.calibration_ends = ends.span
        arena.calibration_x = places.span
        arena.calibration_y = heights.span
    }
}
