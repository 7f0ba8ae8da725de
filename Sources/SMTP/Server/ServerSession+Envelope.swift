extension ServerSession {
    // MARK: MAIL FROM

    mutating func mail(_ argument: ArraySlice<UInt8>) {
        guard transaction == nil else { return send(.mailRepeated) }
        guard !disconnectsAtLimit() else { return }
        if let refusal = mailRefusal { return send(refusal) }
        hasBinaryBody = false
        submitType = "MAIL"
        ask(.mail(Array(argument)[...]), .mail)
    }

    /// What `musttlsserver` and `mustsaslserver` want to come before anything is done for the client.
    var accessRefusal: Reply? {
        if options.requiresTLS, !options.usesTLS { return .tlsRequired }
        if options.requiresAuthentication, !options.isAuthenticated { return .authenticationRequired }
        return nil
    }

    /// What speaks against a transaction before its sender is known.
    private var mailRefusal: Reply? {
        let limits = options.limits
        if let refusal = accessRefusal { return refusal }
        if let limit = limits.transactions, counts.transactions >= limit, !limits.refusesTransactionAtRecipient {
            return .noMoreTransactions
        }
        if let limit = limits.channelTransactions, counts.transactions >= limit {
            return Reply(450, "4.5.3", limits.transactionText)
        }
        return nil
    }

    /// The limits that end the session, looked at by MAIL FROM and RSET (smtp specification, 6).
    mutating func disconnectsAtLimit() -> Bool {
        let limits = options.limits
        let ended = counts.transactions - (transaction == nil ? 0 : 1)
        if let limit = limits.disconnectTransactions, ended >= limit {
            close(with: .disconnecting("transaction"))
        } else if let limit = limits.disconnectRecipients, counts.recipients >= limit {
            close(with: .disconnecting("recipient"))
        } else if let limit = limits.disconnectRejections, counts.rejections >= limit {
            close(with: .disconnecting("reject"))
        }
        return isClosed
    }

    // MARK: RCPT TO

    mutating func recipient(_ argument: ArraySlice<UInt8>) {
        guard let open = transaction else { return send(.noMail) }
        guard !open.usesChunks else { return send(.lastChunkMissing) }
        transaction?.presented += 1
        counts.recipients += 1
        if let refusal = recipientRefusal(open) {
            counts.rejections += 1
            return send(refusal)
        }
        ask(.recipient(Array(argument)[...]), .recipient)
    }

    /// What speaks against a recipient whoever it is.
    private func recipientRefusal(_ open: Transaction) -> Reply? {
        let limits = options.limits
        if let limit = limits.transactions, counts.transactions > limit { return .noMoreTransactions }
        if let limit = limits.rejectionsBeforeDeferral, counts.rejections >= limit { return .tooManyRejections }
        if let limit = limits.channelRecipients, open.accepted >= limit { return recipientOverflow }
        if let limit = limits.recipients, open.accepted + counts.verifications >= limit { return recipientOverflow }
        return nil
    }

    var recipientOverflow: Reply {
        Reply(options.limits.recipientOverflowIsPermanent ? 550 : 452, "4.2.3", options.limits.recipientText)
    }

    // MARK: DATA

    mutating func data() {
        if let refusal = dataRefusal { return send(refusal) }
        if transaction?.usesChunks == true { return send(.lastChunkMissing) }
        if transaction?.isBinary == true { return send(.binaryNeedsChunks) }
        if let refusal = envelopeRefusal {
            endTransaction(.dataRefused(refusal))
            return send(refusal)
        }
        ask(.beginData, .data)
    }

    /// What is missing before content may come.
    var dataRefusal: Reply? {
        guard let transaction else { return .noMail }
        guard transaction.accepted == 0 else { return nil }
        return transaction.presented == 0 ? .noRecipients : .noValidRecipients
    }

    /// More recipients were presented than `recipientcutoff` allows.
    var envelopeRefusal: Reply? {
        guard let limit = options.limits.recipientCutoff, let transaction, transaction.presented > limit else {
            return nil
        }
        return .envelopeCutOff
    }
}
