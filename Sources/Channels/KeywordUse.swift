import Glibc
package import OptionSyntax

/// A keyword with its arguments, as it was written at one place.
package struct KeywordUse: Hashable, Sendable {
    package var keyword: ChannelKeyword
    /// As written, symbols not replaced.
    package var arguments: [String]
    package var location: SourceLocation

    package init(_ keyword: ChannelKeyword, _ arguments: [String] = [], at location: SourceLocation) {
        self.keyword = keyword
        self.arguments = arguments
        self.location = location
    }
}

/// Reads keywords and their arguments from the words of a channel line (channels specification, section 2.1) or from
/// one option of the unified configuration (section 3).
package struct KeywordReader {
    /// Names of the defined Job Controller pools: a bare word that is one counts as `pool NAME`.
    private let pools: [String]
    private var words: ArraySlice<Word> = []
    package private(set) var diagnostics = Diagnostics()

    package init(pools: [String] = []) { self.pools = pools }

    /// The keywords of a channel line without the channel's name.
    package mutating func read(_ line: some Sequence<Word>) -> [KeywordUse] {
        words = ArraySlice(line)
        var uses: [KeywordUse] = []
        while let word = words.popFirst() {
            let keywords = ChannelKeyword.named(word.text)
            if let first = keywords.first {
                let arguments = takeArguments(of: first, after: word)
                guard let arguments, isTaken(first, at: word.location) else { continue }
                uses += keywords.map { KeywordUse($0, arguments, at: word.location) }
            } else if let use = poolUse(word) {
                uses.append(use)
            }
        }
        return uses
    }

    /// One option `name = value`, or `name (novalue)` when `value` is nil.
    package mutating func read(option name: Word, value: String?, at place: SourceLocation) -> [KeywordUse] {
        let keywords = ChannelKeyword.named(name.text)
        guard let first = keywords.first else {
            diagnostics.warning(
                "unknown channel option \(name.text) is ignored", at: name.location,
                advice: Spelling.advice(for: name.text, among: ChannelKeyword.spellings))
            return []
        }
        if first.argument == .none, let value, !value.isEmpty {
            diagnostics.error(
                "\(first.name) takes no value", at: place, advice: "write \(first.name) alone, without = \(value)")
            return []
        }
        switch first.argument {
        case .none, .word, .channel, .integer, .address:
            words = value.map { [Word($0, isQuoted: true, at: place)] } ?? []
        default: words = LogicalLine(value ?? "", at: place).words().map { Word($0.text, at: place) }[...]
        }
        guard let arguments = takeArguments(of: first, after: Word(name.text, at: place)) else { return [] }
        if let extra = words.first {
            diagnostics.error("\(first.name) does not take \(extra.text)", at: place)
            return []
        }
        guard isTaken(first, at: name.location) else { return [] }
        return keywords.map { KeywordUse($0, arguments, at: name.location) }
    }

    /// False for what must not even look as if it were in force. What is only not there yet is for the cross-checks,
    /// which know all channels.
    private mutating func isTaken(_ keyword: ChannelKeyword, at place: SourceLocation) -> Bool {
        switch keyword.effect {
        case .ignored: diagnostics.warning("\(keyword.name) is accepted and has no effect", at: place)
        case .refused: diagnostics.warning("\(keyword.name) is not supported and is not taken", at: place)
        case .active, .idle, .later, .missing: break
        }
        return keyword.effect != .refused
    }

    private mutating func poolUse(_ word: Word) -> KeywordUse? {
        guard let pool = pools.first(where: { $0.lowercased() == word.text.lowercased() }),
            let keyword = ChannelKeyword.named("pool").first
        else {
            diagnostics.warning(
                "unknown word \(word.text) on a channel line is ignored", at: word.location,
                advice: Spelling.advice(for: word.text, among: ChannelKeyword.spellings + pools))
            return nil
        }
        diagnostics.warning(
            "\(word.text) is no keyword but the name of a pool, taken as: pool \(pool)", at: word.location,
            advice: "write pool \(pool)")
        return KeywordUse(keyword, [pool], at: word.location)
    }

    /// The arguments, or nil after an error.
    private mutating func takeArguments(of keyword: ChannelKeyword, after word: Word) -> [String]? {
        switch keyword.argument {
        case .none: return []
        case .word, .channel: return takeOne("a value", keyword, word) { _ in true }
        case .integer: return takeInteger(keyword, word)
        case .address: return takeOne("an IP address", keyword, word, where: Self.isAddress)
        case .seconds: return takeSeconds(keyword, word)
        case .domains: return takeDomains(keyword, word)
        case .integers: return takeNotices(keyword, word)
        case .durations:
            let list = takeWhile { DurationValue.seconds($0.text) != nil }
            return checked(list, 1...8, "1 to 8 durations such as PT30M", keyword, word)
        case .addresses:
            let list = takeWhile { $0.isQuoted || Self.looksLikeAddress($0.text) }
                .flatMap { $0.split(separator: " ").map(String.init) }
            let good = list.allSatisfy(Self.isAddress) ? list : []
            return checked(good, 1...16, "IP addresses", keyword, word)
        }
    }

    private mutating func takeOne(
        _ wanted: String, _ keyword: ChannelKeyword, _ word: Word, where fits: (String) -> Bool
    ) -> [String]? {
        guard let argument = words.first, fits(argument.text) else {
            let found = words.first.map { ", found \($0.text)" } ?? ""
            diagnostics.error("\(keyword.name) needs \(wanted)\(found)", at: words.first?.location ?? word.location)
            return nil
        }
        words.removeFirst()
        return [argument.text]
    }

    /// An integer in the keyword's range. Nothing that is out of it gets into a channel: who reads it may rely on that.
    private mutating func takeInteger(_ keyword: ChannelKeyword, _ word: Word) -> [String]? {
        let place = words.first?.location ?? word.location
        guard let taken = takeOne("an integer", keyword, word, where: { IntegerValue.parse($0) != nil }) else {
            return nil
        }
        guard let value = taken.first.flatMap(IntegerValue.parse), !keyword.range.contains(value) else { return taken }
        let (low, high) = (keyword.range.lowerBound, keyword.range.upperBound)
        diagnostics.error(
            "\(keyword.name) \(value) is out of range", at: place, advice: "it takes integers from \(low) to \(high)")
        return nil
    }

    /// The second domain of `defaulthost` must hold a dot; a symbol may stand for either.
    private mutating func takeDomains(_ keyword: ChannelKeyword, _ word: Word) -> [String]? {
        guard var domains = takeOne("a domain", keyword, word, where: { _ in true }) else { return nil }
        if let second = words.first, second.text.contains(".") || second.text.contains("&/") {
            domains.append(second.text)
            words.removeFirst()
        }
        return domains
    }

    private mutating func takeNotices(_ keyword: ChannelKeyword, _ word: Word) -> [String]? {
        var ages: [Int] = []
        while let next = words.first {
            let list = next.text.split { $0 == "," || $0 == " " }.map { IntegerValue.parse(String($0)) }
            guard !list.isEmpty, !list.contains(nil) else { break }
            ages += list.compactMap { $0 }
            words.removeFirst()
        }
        let isAscending = zip(ages, ages.dropFirst()).allSatisfy { $0 < $1 } && (ages.first ?? 1) > 0
        let list = isAscending ? ages.map(String.init) : []
        return checked(list, 1...5, "1 to 5 ascending positive integers", keyword, word)
    }

    private mutating func takeWhile(_ fits: (Word) -> Bool) -> [String] {
        let taken = words.prefix(while: fits)
        words = words.dropFirst(taken.count)
        return taken.map(\.text)
    }

    private mutating func checked(
        _ list: [String], _ count: ClosedRange<Int>, _ wanted: String, _ keyword: ChannelKeyword, _ word: Word
    ) -> [String]? {
        if count.contains(list.count) { return list }
        diagnostics.error("\(keyword.name) needs \(wanted)", at: word.location)
        return nil
    }

    /// An integer that may be left out.
    private mutating func takeSeconds(_ keyword: ChannelKeyword, _ word: Word) -> [String]? {
        guard let next = words.first, IntegerValue.parse(next.text) != nil else { return ["604800"] }
        return takeInteger(keyword, word)
    }

    /// True also for a symbol, which is replaced later.
    private static func isAddress(_ text: String) -> Bool {
        if text.contains("&/") { return true }
        var address = in6_addr()
        return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1
    }

    private static func looksLikeAddress(_ text: String) -> Bool {
        guard text.contains(where: { $0 == "." || $0 == ":" }) else { return false }
        return text.allSatisfy { $0.isHexDigit || $0 == "." || $0 == ":" }
    }
}
