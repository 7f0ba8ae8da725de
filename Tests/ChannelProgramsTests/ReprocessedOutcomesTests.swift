import Envelope
import Spool
import Testing

@testable import ChannelPrograms

@Suite struct ReprocessedOutcomesTests {
    /// Three messages of one copy, of which the second could not be written: who is in that one too is tried again, and
    /// nobody else.
    @Test func onlyThoseOfTheFailedMessageAreTriedAgain() {
        let place = SpoolLocation(segment: "w-1", offset: 256, length: 100)
        let outcomes = Reprocessor.outcomes(
            [0, 1, 2, 4],
            [
                ([0, 1], .success(place)), ([1, 2], .failure(SpoolError(.inputOutput, "the disk is full"))), ([4], nil),
            ])
        #expect(outcomes.map(\.recipient) == [0, 1, 2, 4])
        #expect(outcomes.map(\.result) == [.delivered, .failedTemporarily, .failedTemporarily, .delivered])
        #expect(outcomes[1].text.contains("the disk is full"))
    }
}
