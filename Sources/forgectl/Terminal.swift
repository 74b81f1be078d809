import Foundation

/// What the program is connected to, and the keys that interrupt it.
enum Terminal {
    static var showsProgress: Bool { isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb" }
    static var isInteractive: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

    static var width: Int {
        var size = winsize()
        return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }

    /// Set by the handler, read by loops that wait.
    nonisolated(unsafe) private static var flag: sig_atomic_t = 0
    static var wasInterrupted: Bool { flag != 0 }

    /// From here on Ctrl-C (and SIGTERM) only raises `wasInterrupted`.
    static func catchInterrupts() {
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            sigaddset(&signals, number)
            signal(number) { _ in Terminal.flag = 1 }
        }
        // Some parents start their children with signals blocked.
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }

    /// Sleeps in small steps; false as soon as Ctrl-C was pressed.
    static func pause(milliseconds: Int) -> Bool {
        for _ in 0..<max(1, milliseconds / 20) {
            if wasInterrupted { return false }
            usleep(20_000)
        }
        return !wasInterrupted
    }

    /// Asks on the terminal; anything but y is no.
    static func confirms(_ question: String) -> Bool {
        FileHandle.standardError.write(Data("\(question) [y/N] ".utf8))
        return readLine()?.lowercased().hasPrefix("y") ?? false
    }
}
