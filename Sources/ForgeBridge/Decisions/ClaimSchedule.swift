/// When to ask for work again. Right after something was found; soon while there is traffic; rarely when idle.
struct ClaimSchedule {
    /// Just after a claim or a hint, a request may have come whose own notification was saved as needless.
    static let followUp = Duration.milliseconds(100)

    let busy: Duration
    let idle: Duration
    private var quietPolls = 0

    init(busy: Duration, idle: Duration) {
        self.busy = busy
        self.idle = idle
    }

    enum Event {
        case claimed, nothing, hinted, failed
    }

    /// The pause before the next claim, before jitter.
    mutating func next(after event: Event) -> Duration {
        switch event {
        case .claimed:
            quietPolls = 0
            return .zero
        case .hinted:
            quietPolls = 0
            return .zero
        case .nothing:
            quietPolls += 1
            return quietPolls == 1 ? min(Self.followUp, busy) : quietPolls < 60 ? busy : idle
        case .failed:
            return busy
        }
    }

    /// So that many daemons do not ask in step.
    static func jittered(_ pause: Duration) -> Duration { pause * Double.random(in: 0.8...1.2) }
}
