import Configuration
import Testing

@testable import Commands

/// Long lists of the commands on queues come screen by screen, where there is a screen.
@Suite struct PagingTests {
    /// What is said of 25 lines on a screen of 10 with these answers; nil: without a screen.
    private func said(_ answers: [String], screen: Int? = 10) -> (lines: [String], questions: [String]) {
        var lines: [String] = []
        var questions: [String] = []
        var answers = answers[...]
        let manager = QueueManager(
            source: QueueSource(paths: InstancePaths(instanceRoot: "/nonexistent")),
            around: QueueManager.Surroundings(
                say: { lines.append($0) }, complain: { _ in },
                ask: { question in
                    questions.append(question)
                    return answers.popFirst()
                }, screen: screen), isDialogue: true)
        manager.page((1...25).map(String.init))
        return (lines, questions)
    }

    @Test(
        arguments: [
            (["", ""], 25, 2), (["a"], 25, 1), (["q"], 9, 1), (["", "q"], 18, 2), ([], 9, 1),
        ] as [([String], Int, Int)])
    func screens(answers: [String], lines: Int, questions: Int) {
        let said = said(answers)
        #expect(said.lines == (1...lines).map(String.init) && said.questions.count == questions)
        #expect(said.questions[0].contains("16 more lines"))
    }

    @Test(arguments: [nil, 26, 100, 3] as [Int?])
    func atOnce(screen: Int?) {
        let said = said([], screen: screen)
        #expect(said.lines.count == 25 && said.questions.isEmpty)
    }
}
