import ForgeModel

/// What naive Bayes, whatever its distributions, learns from: the rows' moments, class by class and as a whole.
struct NaiveBayesRows {
    let classes: Classes
    let design: Design
    /// (width) packed, as are the next.
    let scales: [(scale: Double, shift: Double)]
    let varying: [Bool]
    let moments: ClassMoments
    /// Of rows that count once each for `squares`, and by their weights for sums.
    let whole: Design.Moments

    /// `squares`: the classes' variances are needed, too.
    init(_ input: borrowing FitInput, squares: Bool) throws {
        guard case .classes(let classes) = input.target else { preconditionFailure("naive Bayes learns classes") }
        self.classes = classes
        design = Design(input.data.training, input.plan)
        scales = design.sourceScales(input.plan)
        varying = design.varying(input.plan)
        moments = try ClassMoments(
            design, labels: classes.training, classes: classes.count, weights: input.weights, squares: squares, input)
        input.observer.progress(0.6, phase: "fit")
        whole = try design.moments(
            weights: squares ? nil : input.weights, threads: input.threads, observer: input.observer)
    }

    /// A column matters by the share of its variance that lies between the classes.
    func fitted(_ form: BayesForm) -> FittedModel {
        FittedModel(
            form: form.form(classes), link: classes.isBinary ? .logistic : .softmax,
            importance: design.encoded(moments.separation(whole.deviations.map { $0 * $0 })))
    }
}
