import ForgeModel

extension Calibration.Isotonic {
    /// The rising step function closest to the classes in squares, by pooling neighbours that fall (Ayer et al. 1955),
    /// as points to draw lines between: only those where it bends are kept, as scikit-learn's IsotonicRegression does.
    init(x: [Double], isPositive: [Bool]) {
        let order = x.indices.sorted { x[$0] < x[$1] }
        var places: [Double] = []
        var pools: [(sum: Double, weight: Double, places: Int)] = []
        for row in order {
            if places.last == x[row] {
                pools[pools.count - 1].sum += isPositive[row] ? 1 : 0
                pools[pools.count - 1].weight += 1
            } else {
                places.append(x[row])
                pools.append((isPositive[row] ? 1 : 0, 1, 1))
            }
        }
        var rising: [(sum: Double, weight: Double, places: Int)] = []
        for pool in pools {
            rising.append(pool)
            while rising.count > 1, rising[rising.count - 2].sum * rising[rising.count - 1].weight
                >= rising[rising.count - 1].sum * rising[rising.count - 2].weight
            {
                let last = rising.removeLast()
                rising[rising.count - 1].sum += last.sum
                rising[rising.count - 1].weight += last.weight
                rising[rising.count - 1].places += last.places
            }
        }
        var (keptX, keptY) = ([Double](), [Double]())
        var first = 0
        for pool in rising {
            let last = first + pool.places - 1
            for place in first == last ? [first] : [first, last] {
                keptX.append(places[place])
                keptY.append(pool.sum / pool.weight)
            }
            first = last + 1
        }
        self.init(x: keptX, y: keptY)
    }
}
