import Envelope
import Spool

extension Reprocessor {
    /// What became of the recipients of a copy. `written`: for each message made of it the recipients that have somebody
    /// in it, and the answer of the queue; nil when nobody was left in it. Who is in the queue as a whole is not tried
    /// again, or he would get it twice.
    static func outcomes(
        _ pending: [Int], _ written: [(origins: Set<Int>, answer: Result<SpoolLocation, SpoolError>?)]
    ) -> [RecipientOutcome] {
        var failures: [Int: SpoolError] = [:]
        for case (let origins, .failure(let error)?) in written {
            for number in origins { failures[number] = error }
        }
        return pending.map { number in
            guard let failure = failures[number] else {
                return RecipientOutcome(recipient: number, result: .delivered, status: "2.0.0")
            }
            return RecipientOutcome(
                recipient: number, result: .failedTemporarily, status: "4.3.0", text: "\(failure)")
        }
    }
}
