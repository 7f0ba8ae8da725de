import SystemCalls

/// Why a message is not in the mailbox: in replies of the LMTP server and in outcomes of `ims_master`.
package struct StoreFailure: Error, Hashable, Sendable {
    /// RFC 3463 status; always of class 4: what the system refuses now it may take later.
    package var status: String
    /// One line.
    package var text: String

    package init(_ error: any Error) {
        status = (error as? SystemCallError)?.isOutOfSpace == true ? "4.2.2" : "4.3.0"
        text = "\(error)"
    }
}
