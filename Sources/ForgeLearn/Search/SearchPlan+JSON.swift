import ForgeModel

extension SearchPlan {
    /// Points of a grid, at most.
    public static let gridLimit = 10_000
    /// Folds that a trial's score is the mean of when the split asks for none.
    public static let defaultFolds = 3

    /// Reads `training_requests.search` as forge.resolved_search left it: every entry has a value.
    /// `base` are the request's params, which every trial has.
    init?(json: JSONValue, algorithm: Algorithm, task: LearningTask, base: JSONValue, problems: inout Problems) {
        guard let object = json.objectValue else {
            if !json.isNull { problems.add("search must be an object, got \(json.serialized)") }
            return nil
        }
        let given = problems.messages.count
        let method = object["method"]?.textValue.flatMap(Method.init) ?? .tpe
        let fixed = base.objectValue ?? JSONObject()
        let space = object["space"] ?? .null
        if algorithm.form == .ensemble {
            if !space.isNull {
                problems.add("search.space is of one algorithm: \(algorithm.name) has the spaces of its portfolio")
            }
            if method != .tpe { problems.add("algorithm \(algorithm.name) does not search by \(method.rawValue)") }
        }
        let arms =
            algorithm.form == .ensemble
            ? Portfolio.arms(for: task, fixed: fixed)
            : [
                SearchArm(
                    algorithm: algorithm.name, fixed: fixed,
                    dimensions: Self.dimensions(space, algorithm, task, fixed, &problems),
                    starts: [algorithm.defaults(for: task, leavingOutNull: space.isNull)])
            ]
        self.init(
            method, SearchSpace(arms: arms), trials: max(1, object["trials"]?.intValue ?? 30),
            generation: max(1, object["generation"]?.intValue ?? 6), seed: object["seed"]?.intValue ?? 42,
            prunes: object["prune"]?.boolValue ?? true, factor: max(2, object["factor"]?.intValue ?? 3),
            metric: object["metric"]?.textValue)
        screens = algorithm.form == .ensemble
        let points = self.space.grid.count
        if method == .grid, points > Self.gridLimit {
            problems.add("the grid of search.space has more than \(Self.gridLimit) points")
        }
        guard problems.messages.count == given else { return nil }
    }

    private static func dimensions(
        _ space: JSONValue, _ algorithm: Algorithm, _ task: LearningTask, _ fixed: JSONObject,
        _ problems: inout Problems
    ) -> [SearchArm.Dimension] {
        guard let entries = space.objectValue else {
            return algorithm.searched(for: task).filter { fixed[$0.name] == nil }
        }
        return entries.compactMap { entry in
            guard let parameter = algorithm.parameters(for: task).first(where: { $0.name == entry.key }) else {
                problems.add("search.space names \"\(entry.key)\", which is no parameter of \(algorithm.name)")
                return nil
            }
            guard let range = SearchRange(json: entry.value, isWhole: parameter.kind == .integer) else {
                problems.add("search.space.\(entry.key) is no range and no list of values: \(entry.value.serialized)")
                return nil
            }
            return SearchArm.Dimension(entry.key, range)
        }
    }
}

extension Algorithm {
    /// Of a task.
    func parameters(for task: LearningTask) -> [Hyperparameter] {
        parameters.filter { $0.task == nil || $0.task == task }
    }

    /// The ranges that its parameters declare: what is searched when a request names no space.
    public func searched(for task: LearningTask) -> [SearchArm.Dimension] {
        parameters(for: task).compactMap { parameter in
            parameter.search.map { SearchArm.Dimension(parameter.name, $0) }
        }
    }

    /// The values that its parameters have unless they are named. null leaves a value to the algorithm.
    public func defaults(for task: LearningTask, leavingOutNull: Bool = true) -> JSONObject {
        var object = JSONObject()
        for parameter in parameters(for: task) where !leavingOutNull || !parameter.defaultValue.isNull {
            object[parameter.name] = parameter.defaultValue
        }
        return object
    }
}
