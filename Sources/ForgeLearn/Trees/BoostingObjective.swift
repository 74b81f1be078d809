import ForgeModel

/// What boosting minimises, by what it is measured, and how its margins become scores.
struct BoostingObjective {
    var parameters: [(String, String)]
    var outputs = 1
    var link = Link.identity
    /// The name of the loss in the curve.
    var lossName: String
    var largerIsBetter = false
    /// What the target must be; nil: anything.
    fileprivate var demand: Demand?

    /// Whether rows are learned within groups.
    var ranks: Bool { largerIsBetter }

    init(_ input: borrowing FitInput) {
        let parameters = input.parameters
        if case .classes(let classes) = input.target {
            self = classes.isBinary ? .binary : .multiclass(classes.count)
        } else if let ranking = parameters["rank_objective"].textValue {
            self = .ranking(ranking, exponential: parameters.boolean("ndcg_exp_gain"))
        } else {
            self = .regression(parameters.text("objective"), parameters)
        }
    }

    private init(_ objective: String, _ metric: String, loss: String, link: Link = .identity, demand: Demand? = nil) {
        parameters = [("objective", objective), ("eval_metric", metric)]
        lossName = loss
        self.link = link
        self.demand = demand
    }

    private static let binary = BoostingObjective("binary:logistic", "logloss", loss: "log_loss", link: .logistic)

    private static func multiclass(_ classes: Int) -> BoostingObjective {
        var objective = BoostingObjective("multi:softprob", "mlogloss", loss: "log_loss", link: .softmax)
        objective.parameters.append(("num_class", "\(classes)"))
        objective.outputs = classes
        return objective
    }

    private static func ranking(_ name: String, exponential: Bool) -> BoostingObjective {
        let metric = name == "map" ? "map" : "ndcg"
        var objective = BoostingObjective("rank:\(name)", metric, loss: metric)
        objective.parameters.append(("ndcg_exp_gain", exponential ? "1" : "0"))
        objective.largerIsBetter = true
        objective.demand = name == "map" ? .zeroOrOne : exponential ? .grades : nil
        return objective
    }

    private static func regression(_ name: String, _ parameters: Parameters) -> BoostingObjective {
        switch name {
        case "absolute_error": return BoostingObjective("reg:absoluteerror", "mae", loss: "mae")
        case "pseudo_huber":
            var objective = BoostingObjective("reg:pseudohubererror", "mphe", loss: "pseudo_huber")
            objective.parameters.append(("huber_slope", "\(parameters.number("huber_slope"))"))
            return objective
        case "quantile":
            var objective = BoostingObjective("reg:quantileerror", "quantile", loss: "pinball")
            objective.parameters.append(("quantile_alpha", "\(parameters.number("quantile_alpha"))"))
            return objective
        case "poisson":
            return BoostingObjective(
                "count:poisson", "poisson-nloglik", loss: "poisson_loss", link: .log, demand: .notNegative)
        case "gamma":
            return BoostingObjective("reg:gamma", "gamma-nloglik", loss: "gamma_loss", link: .log, demand: .positive)
        case "tweedie":
            let power = parameters.number("tweedie_variance_power")
            var objective = BoostingObjective(
                "reg:tweedie", "tweedie-nloglik@\(power)", loss: "tweedie_loss", link: .log, demand: .notNegative)
            objective.parameters.append(("tweedie_variance_power", "\(power)"))
            return objective
        default: return BoostingObjective("reg:squarederror", "rmse", loss: "rmse")
        }
    }

    /// Refuses targets that the objective has no meaning for.
    func check(_ part: Part, named name: String) throws {
        guard let demand, let value = part.targets.first(where: { !demand.accepts($0) }) else { return }
        throw ForgeError(
            .unusableTarget, "target \"\(name)\" holds \(value), \(demand.rawValue)", hint: demand.hint)
    }
}

private enum Demand: String {
    case notNegative = "this objective takes no negative values"
    case positive = "this objective takes values above 0 only"
    case zeroOrOne = "rank_objective map takes relevances of 0 and 1 only"
    case grades = "ndcg_exp_gain takes whole relevances from 0 to 31 only"

    func accepts(_ value: Double) -> Bool {
        switch self {
        case .notNegative: value >= 0
        case .positive: value > 0
        case .zeroOrOne: value == 0 || value == 1
        case .grades: value >= 0 && value <= 31 && value == value.rounded()
        }
    }

    var hint: String {
        switch self {
        case .notNegative, .positive: "use objective squared_error, or leave these rows out of the source"
        case .zeroOrOne: "use rank_objective ndcg for graded relevances"
        case .grades: "set ndcg_exp_gain to false, or grade relevances from 0 to 31"
        }
    }
}
