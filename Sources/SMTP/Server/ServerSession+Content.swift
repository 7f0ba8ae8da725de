extension ServerSession {
    // MARK: BDAT (RFC 3030)

    /// A chunk that is not wanted is still read up to this size, so that the session can go on; a larger one ends it.
    private static let largestUnwantedChunk: Int64 = 16 << 20
    /// Largest chunk without a size limit.
    private static let largestChunk: Int64 = 1 << 40

    mutating func beginChunk(size: Int64, isLast: Bool) {
        let largest = max(options.sizeLimit ?? Self.largestChunk, Self.largestUnwantedChunk)
        guard size <= largest else {
            return close(with: options.sizeLimit.map { .sizeLimitExceeded($0) } ?? .chunkTooLarge)
        }
        var chunk = Chunk(remaining: size, isLast: isLast)
        if !options.offersChunking {
            chunk.refusal = .unknownCommand("BDAT")
        } else if let refusal = dataRefusal {
            chunk.refusal = refusal
        } else if transaction?.usesChunks == true {
            return read(chunk)
        } else if let refusal = envelopeRefusal {
            endTransaction(.dataRefused(refusal))
            chunk.refusal = refusal
        } else {
            return ask(.beginData, .chunk(chunk))
        }
        read(chunk)
    }

    /// The driver takes content: the first chunk is read, and those after it.
    mutating func acceptChunks(_ chunk: Chunk) {
        transaction?.usesChunks = true
        content = makeFramer(transaction?.isBinary == true ? .binary : .verbatim)
        contentOctets = 0
        read(chunk)
    }

    mutating func read(_ chunk: Chunk) {
        self.chunk = chunk
        phase = .chunk
        if content == nil { contentOctets = 0 }
        if chunk.remaining == 0 { endChunk() }
    }

    private mutating func endChunk() {
        guard let ended = chunk else { return }
        chunk = nil
        phase = .command
        if let refusal = ended.refusal { return send(refusal) }
        guard let findings = content?.findings else { return }
        if ended.isLast { return endContent() }
        guard !findings.isOverSizeLimit else { return refuseContent(findings, replies: 1) }
        send(.ok)
    }

    // MARK: Content

    /// What is known about the content that is coming.
    package var contentFindings: ContentFindings { content?.findings ?? ContentFindings() }

    mutating func acceptData() {
        content = makeFramer(.dotStuffed)
        contentOctets = 0
        phase = .data
        send(.enterMail)
    }

    private func makeFramer(_ form: DataFramer.Form) -> DataFramer {
        DataFramer(form: form, longLines: options.longLines, sizeLimit: options.sizeLimit)
    }

    /// Takes octets of the DATA or BDAT phase; returns how many.
    mutating func takeContent(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard !bytes.isEmpty else { return 0 }
        progressed()
        let used = phase == .chunk ? takeChunk(bytes) : content?.receive(bytes) ?? 0
        contentOctets += Int64(used)
        if let collected = content?.collected, collected >= Self.contentPiece, let piece = content?.takeContent(),
            !piece.isEmpty
        {
            emit(.content(piece))
        }
        if phase == .chunk {
            if chunk?.remaining == 0 { endChunk() }
        } else if content?.isComplete ?? true {
            endContent()
        }
        return used
    }

    private mutating func takeChunk(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let current = chunk else { return 0 }
        let count = Int(min(current.remaining, Int64(bytes.count)))
        chunk?.remaining -= Int64(count)
        if current.refusal == nil {
            _ = content?.receive(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        }
        return count
    }

    /// After the final dot, or the last chunk.
    private mutating func endContent() {
        phase = .command
        guard let end = content?.finish() else { return }
        var findings = end.findings
        findings.cameInChunks = transaction?.usesChunks ?? false
        guard refusal(findings) == nil else { return refuseContent(findings, replies: finalReplies) }
        if !end.content.isEmpty { emit(.content(end.content)) }
        content = nil
        ask(.endOfData(findings), .endOfData)
    }

    private func refusal(_ findings: ContentFindings) -> Reply? {
        if findings.isAmbiguous { return .bareLineEnd }
        if findings.hasLongLine, options.longLines == .reject { return .longLine }
        guard findings.isOverSizeLimit else { return nil }
        return .sizeLimitExceeded(options.sizeLimit ?? 0)
    }

    private mutating func refuseContent(_ findings: ContentFindings, replies: Int) {
        guard let reply = refusal(findings) else { return }
        endTransaction(.contentRefused(reply, findings))
        for _ in 0..<replies { send(reply) }
    }

    /// How many replies the end of the content gets: LMTP gives one for each accepted recipient (RFC 2033 section 4.2).
    var finalReplies: Int {
        options.service == .lmtp ? max(transaction?.accepted ?? 1, 1) : 1
    }
}
