/// The waits that access tables may impose on one session (access-and-filtering specification, 6).
struct ReplyDelays {
    /// Hundredths of a second that are left: 600 seconds in all.
    private var rest = 60_000

    /// How long to wait of the hundredths of a second that are wanted.
    mutating func take(_ wanted: Int) -> Int {
        let granted = min(max(wanted, 0), rest)
        rest -= granted
        return granted
    }
}
